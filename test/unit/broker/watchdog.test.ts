import { expect } from 'chai';
import type { RabbitSession } from '../../../engine/broker/rabbitmq-session.ts';
import { createWatchdog } from '../../../engine/broker/watchdog.ts';
import { eventually } from '../../support/eventually.ts';

/** A session whose RabbitMQ takes a consumer and then answers as told. */
function aSession(cancel: () => Promise<unknown>) {
  const reasons: string[] = [];
  const consumers: string[] = [];
  let lost: () => void = () => undefined;
  const session = {
    lost: new Promise<void>((resolve) => {
      lost = resolve;
    }),
    lose(reason: string) {
      reasons.push(reason);
      lost();
    },
    channel: {
      async consume(_queue: string, _take: unknown, { consumerTag }: { consumerTag: string }) {
        consumers.push(consumerTag);
      },
      cancel,
    },
  };
  return { session: session as unknown as RabbitSession, reasons, consumers };
}

const idle = { name: 'forms', checkEveryMs: 5, isIdle: () => true, hasRoom: () => true };

describe('watchdog of a subscription', () => {
  it('gives a session up that leaves a check without an answer', async () => {
    const { session, reasons } = aSession(() => new Promise(() => undefined));
    await createWatchdog(idle).guard(session, () => undefined);
    await session.lost;
    expect(reasons).to.deep.equal(['no answer to a check']);
  });

  it('subscribes an idle consumer anew at each check, and keeps the session', async () => {
    const { session, reasons, consumers } = aSession(async () => undefined);
    const watchdog = createWatchdog(idle);
    await watchdog.guard(session, () => undefined);
    await eventually(async () => expect(consumers.length).to.be.at.least(3));
    await watchdog.stop();
    expect(consumers.slice(0, 3)).to.deep.equal(['forms 1', 'forms 2', 'forms 3']);
    expect(reasons).to.deep.equal([]);
    session.lose('the test has ended');
  });
});
