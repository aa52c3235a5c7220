import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { systemClock } from '../../../engine/core/clock.ts';
import { silentLogger } from '../../../engine/core/logger.ts';
import { group, periodic, type Service, serialise } from '../../../engine/core/service.ts';
import { eventually } from '../../support/eventually.ts';

const log = silentLogger();

/** A service that notes what happens to it. */
function aService(name: string, events: string[], with_: Partial<Service> = {}): Service {
  return {
    name,
    start: async () => void events.push(`start ${name}`),
    stop: async () => void events.push(`stop ${name}`),
    ...with_,
  };
}

describe('group', () => {
  it('starts its members in order and stops them in reverse', async () => {
    const events: string[] = [];
    const all = group('all', [aService('a', events), aService('b', events)], log);
    await all.start();
    await all.stop();
    expect(events).to.deep.equal(['start a', 'start b', 'stop b', 'stop a']);
  });

  it('stops those already running when one cannot start, and says why', async () => {
    const events: string[] = [];
    const start = () => Promise.reject(new Error('port taken'));
    const all = group('all', [aService('a', events), aService('b', events, { start }), aService('c', events)], log);
    expect(await all.start().catch((error: Error) => error.message)).to.equal('port taken');
    expect(events).to.deep.equal(['start a', 'stop a']);
  });

  it('stops the others when one fails to stop', async () => {
    const events: string[] = [];
    const stop = () => Promise.reject(new Error('stuck'));
    const all = group('all', [aService('a', events), aService('b', events, { stop })], log);
    await all.start();
    await all.stop();
    expect(events).to.deep.equal(['start a', 'start b', 'stop a']);
  });

  it('bears being stopped before it was started, and everything twice', async () => {
    const events: string[] = [];
    const all = group('all', [aService('a', events)], log);
    await all.stop();
    await Promise.all([all.start(), all.start()]);
    await Promise.all([all.stop(), all.stop()]);
    expect(events).to.deep.equal(['start a', 'stop a']);
  });

  it('never starts and stops at the same time, whatever the order of calls', async () => {
    let running = 0;
    const steps = async (by: number) => {
      await turn();
      running += by;
      expect(running).to.be.within(0, 1);
    };
    const member = { name: 'm', start: () => steps(1), stop: () => steps(-1) };
    const all = group('all', [member], log);
    await Promise.all(
      Array.from({ length: 500 }, (_, i) => (Math.random() < 0.5 || i === 499 ? all.stop() : all.start())),
    );
    expect(running).to.equal(0);
  });
});

describe('serialise', () => {
  it('runs one action after the other, whatever became of the one before', async () => {
    const events: string[] = [];
    const inTurn = serialise();
    const first = inTurn(async () => {
      events.push('first begins');
      await turn();
      events.push('first fails');
      throw new Error('no');
    });
    const second = inTurn(async () => void events.push('second'));
    expect(await first.catch((error: Error) => error.message)).to.equal('no');
    await second;
    expect(events).to.deep.equal(['first begins', 'first fails', 'second']);
  });
});

describe('periodic', () => {
  it('goes on after a tick that failed, and never ticks twice at once', async () => {
    let ticks = 0;
    let atOnce = 0;
    const tick = async () => {
      atOnce += 1;
      expect(atOnce).to.equal(1);
      await turn();
      atOnce -= 1;
      ticks += 1;
      if (ticks === 1) throw new Error('once');
    };
    const service = periodic({ name: 'p', everyMs: 1, log, clock: systemClock, tick });
    await service.start();
    await service.start();
    await eventually(() => expect(ticks).to.be.greaterThan(3));
    await service.stop();
    const after = ticks;
    await turn();
    expect(ticks).to.equal(after);
  });

  it('tells a tick in hand to stop and waits for it', async () => {
    const events: string[] = [];
    const tick = (signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        events.push('tick');
        signal.addEventListener('abort', () => {
          events.push('told');
          resolve();
        });
      });
    const service = periodic({ name: 'p', everyMs: 1, log, clock: systemClock, tick });
    await service.start();
    await eventually(() => expect(events).to.deep.equal(['tick']));
    await service.stop();
    await service.stop();
    expect(events).to.deep.equal(['tick', 'told']);
  });
});
