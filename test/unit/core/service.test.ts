import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { systemClock } from '../../../engine/core/clock.ts';
import { silentLogger } from '../../../engine/core/logger.ts';
import { group, periodic, type Service, serialise, together, watched } from '../../../engine/core/service.ts';
import { eventually } from '../../support/eventually.ts';
import { createGate } from '../../support/gate.ts';

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

describe('together', () => {
  it('stops all at once, each though another takes its time or fails', async () => {
    const events: string[] = [];
    const slow = createGate<void>();
    const members = [
      aService('a', events),
      aService('b', events, { stop: () => Promise.reject(new Error('stuck')) }),
      aService('c', events, { stop: () => slow.opened }),
    ];
    const all = together('all', members, log);
    await all.start();
    const stopped = all.stop();
    await eventually(() => expect(events).to.include('stop a'));
    expect(await Promise.race([stopped.then(() => 'stopped'), turn('waits')])).to.equal('waits');
    slow.open();
    await stopped;
    await all.start();
    expect(events.filter((event) => event === 'start a')).to.have.length(2);
  });
});

describe('watched', () => {
  it('is ready from the end of the start to the beginning of the stop', async () => {
    const [starting, stopping] = [createGate<void>(), createGate<void>()];
    const inner = aService('a', [], { start: () => starting.opened, stop: () => stopping.opened });
    const { service, isReady } = watched(inner);
    const started = service.start();
    expect(isReady()).to.equal(false);
    starting.open();
    await started;
    expect(isReady()).to.equal(true);
    const stopped = service.stop();
    expect(isReady()).to.equal(false);
    stopping.open();
    await stopped;
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
