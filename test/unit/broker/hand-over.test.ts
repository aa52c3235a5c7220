import { expect } from 'chai';
import { createAlarm } from '../../../engine/broker/alarm.ts';
import type { Settlement } from '../../../engine/broker/broker.ts';
import { handOver } from '../../../engine/broker/hand-over.ts';
import { createLifeline } from '../../../engine/broker/lifeline.ts';
import { createWindow } from '../../../engine/broker/window.ts';
import { silentLogger } from '../../../engine/core/logger.ts';
import { eventually } from '../../support/eventually.ts';
import { aDelivery } from '../../support/messages.ts';

const log = silentLogger();
const ACK: Settlement = { action: 'ack' };

describe('handOver', () => {
  it('tries until the settlement was carried out too', async () => {
    const stopping = new AbortController();
    let settles = 0;
    const settle = async () => {
      settles += 1;
      if (settles < 3) throw new Error('the store is away');
    };
    expect(await handOver(aDelivery(), { handle: async () => ACK, settle, log, signal: stopping.signal })).to.equal(
      true,
    );
    expect(settles).to.equal(3);
  });

  it('gives up when it is stopped, and says that the delivery is not settled', async () => {
    const stopping = new AbortController();
    const handle = async () => {
      stopping.abort();
      throw new Error('the store is away');
    };
    const settled = await handOver(aDelivery(), { handle, settle: async () => {}, log, signal: stopping.signal });
    expect(settled).to.equal(false);
  });

  it('settles what was finished while it stops', async () => {
    const stopping = new AbortController();
    stopping.abort();
    const settled = await handOver(aDelivery(), {
      ...{ handle: async () => ACK, settle: async () => {}, log, signal: stopping.signal },
    });
    expect(settled).to.equal(true);
  });
});

describe('window', () => {
  it('lets in as many as it has places, the rest in the order they came', async () => {
    const window = createWindow(2);
    const inside: number[] = [];
    for (const guest of [1, 2, 3, 4]) void window.enter().then(() => inside.push(guest));
    await eventually(() => expect(inside).to.deep.equal([1, 2]));
    window.leave();
    await eventually(() => expect(inside).to.deep.equal([1, 2, 3]));
    window.leave();
    await eventually(() => expect(inside).to.deep.equal([1, 2, 3, 4]));
  });
});

describe('alarm', () => {
  it('ends a wait when it rings, and at once when it rang before', async () => {
    const alarm = createAlarm();
    const waiting = alarm.wait(60_000);
    alarm.ring();
    await waiting;
    alarm.ring();
    await alarm.wait(60_000);
  });

  it('ends a wait after its time without a ring, also when earlier rings were cleared', async () => {
    const alarm = createAlarm();
    alarm.ring();
    alarm.clear();
    const from = performance.now();
    await alarm.wait(30);
    expect(performance.now() - from).to.be.greaterThan(25);
  });
});

describe('lifeline', () => {
  /** Sessions that the test loses when it likes. */
  function sessions() {
    const opened: { lose(reason: string): void; closed: boolean }[] = [];
    const open = async () => {
      const session = { lose: (_: string) => {}, closed: false };
      const lost = new Promise<string>((resolve) => {
        session.lose = resolve;
      });
      opened.push(session);
      return {
        lost,
        close: async () => {
          session.closed = true;
        },
      };
    };
    return { opened, open };
  }

  it('opens a new session when one is lost, and closes the old', async () => {
    const { opened, open } = sessions();
    const lifeline = createLifeline({ name: 'test', open, log });
    await lifeline.tried;
    opened[0]?.lose('cut');
    await eventually(() => expect(opened).to.have.length(2));
    expect(opened[0]?.closed).to.equal(true);
    await lifeline.close();
    expect(opened[1]?.closed).to.equal(true);
    expect(lifeline.current()).to.equal(undefined);
  });

  it('tells after the first failure, and goes on trying', async () => {
    let tries = 0;
    const { open } = sessions();
    const failing = async () => {
      tries += 1;
      if (tries < 3) throw new Error('refused');
      return open();
    };
    const lifeline = createLifeline({ name: 'test', open: failing, log });
    await lifeline.tried;
    expect(lifeline.current()).to.equal(undefined);
    await eventually(() => expect(lifeline.current()).to.not.equal(undefined));
    expect(tries).to.equal(3);
    await lifeline.close();
  });
});
