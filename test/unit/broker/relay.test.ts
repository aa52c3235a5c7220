import { expect } from 'chai';
import type { Broker, Delivery } from '../../../engine/broker/broker.ts';
import { addAllToOutbox, addToOutbox, forget, postpone } from '../../../engine/broker/outbox.ts';
import { createRelay, type RelayDeps } from '../../../engine/broker/relay.ts';
import { EngineError } from '../../../engine/core/errors.ts';
import { silentLogger } from '../../../engine/core/logger.ts';
import { noTelemetry, type Telemetry } from '../../../engine/core/telemetry.ts';
import type { Db } from '../../../engine/store/database.ts';
import { openTestStore } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { createGate } from '../../support/gate.ts';
import { aMessage } from '../../support/messages.ts';

describe('relay', () => {
  let db: Db;
  let close: () => Promise<void>;
  let stopAll: (() => Promise<void>)[];

  beforeEach(async () => {
    ({ db, close } = await openTestStore());
    stopAll = [];
  });
  afterEach(async () => {
    for (const stop of stopAll) await stop();
    await close();
  });

  const clock = () => new Date();

  /** A relay to a broker that settles each message once `work` is done with it; stopped after the test. */
  function relayTo(
    work: (delivery: Delivery, signal?: AbortSignal) => Promise<unknown>,
    { places = 8, ...options }: Partial<RelayDeps> & { places?: number } = {},
  ) {
    const publish: Broker['publish'] = async (delivery, signal) => {
      await work(delivery, signal);
      await forget(db, delivery.queue, delivery.message.id);
      return 'settled';
    };
    return relayThrough(publish, { places, ...options });
  }

  /** A relay to a broker of which only `publish` matters; stopped after the test. */
  function relayThrough(
    publish: Broker['publish'],
    { places = 8, ...options }: Partial<RelayDeps> & { places?: number } = {},
  ) {
    const consume: Broker['consume'] = async () => ({ stop: async () => {} });
    const broker: Broker = { publish, consume, places: () => places, health: () => 'up', close: async () => {} };
    const relay = createRelay({ db, broker, clock, log: silentLogger(), pollMs: 10, senderShare: 0.5, ...options });
    stopAll.push(() => relay.stop());
    return relay;
  }

  const put = (...ids: string[]) =>
    addAllToOutbox(
      db,
      ids.map((id) => aMessage({ id })),
      { now: clock(), sender: '123456' },
    );
  const rows = async () => (await db('outbox')).length;

  it('publishes what is in the outbox', async () => {
    const seen: string[] = [];
    await put('a', 'b');
    await relayTo(async ({ message }) => seen.push(message.id)).start();
    await eventually(async () => expect(await rows()).to.equal(0));
    expect(seen.sort()).to.deep.equal(['a', 'b']);
  });

  it('renews the lease of a message until its publish resolves', async () => {
    const gate = createGate<void>();
    const seen: string[] = [];
    const publish = async ({ message }: Delivery) => {
      seen.push(message.id);
      await gate.opened;
    };
    await put('slow');
    await relayTo(publish, { leaseMs: 90 }).start();
    await relayTo(publish, { leaseMs: 90 }).start();
    await eventually(() => expect(seen).to.deep.equal(['slow']));
    const [{ leased_until: first }] = await db('outbox');
    await eventually(async () => {
      const [{ leased_until: later }] = await db('outbox');
      expect(Date.parse(later) - Date.parse(first)).to.be.greaterThan(200); // over two whole leases
    });
    expect(seen).to.deep.equal(['slow']);
    gate.open();
    await eventually(async () => expect(await rows()).to.equal(0));
  });

  it('tries a refused message again, and leaves a dead broker alone for longer and longer', async () => {
    const times: number[] = [];
    await put('a');
    await relayTo(async () => {
      times.push(Date.now());
      if (times.length < 4) throw new EngineError('broker_unavailable', 'away');
    }).start();
    await eventually(async () => expect(await rows()).to.equal(0));
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(pauses[0]).to.be.within(195, 390);
    expect(pauses[1]).to.be.within(395, 790);
    expect(pauses[2]).to.be.within(795, 1_590);
  });

  it('goes on with the others when one message is refused again and again', async () => {
    let refusals = 0;
    await put('poison');
    const relay = relayTo(async ({ message }) => {
      if (message.id !== 'poison') return;
      refusals += 1;
      throw new Error('never');
    });
    await relay.start();
    for (let count = 0; count < 5; count += 1) await put(`good-${count}`);
    await eventually(async () => expect(await rows()).to.equal(1));
    expect(refusals).to.be.lessThan(20);
  });

  it('has at most its share in hand of one sender, and serves the other queues beside it', async () => {
    const gate = createGate<void>();
    const seen: Delivery[] = [];
    await put('a', 'b', 'c', 'd', 'e', 'f');
    await addToOutbox(
      db,
      { kind: 'forms.accepted', id: 'form-1', ticket: aMessage().ticket, formIndexes: [1] },
      { now: clock(), sender: '123456' },
    );
    await relayTo(
      async (delivery) => {
        seen.push(delivery);
        await gate.opened;
      },
      { places: 4 },
    ).start();
    await eventually(() =>
      expect(seen.map(({ queue }) => queue).sort()).to.deep.equal(['forms', 'submissions', 'submissions']),
    );
    gate.open();
    await eventually(async () => expect(await rows()).to.equal(0));
  });

  it('gives back at once what the broker had not taken when it stops', async () => {
    await put('a');
    const seen: string[] = [];
    const relay = relayTo(
      ({ message }, signal) =>
        new Promise((_resolve, reject) => {
          seen.push(message.id);
          signal?.addEventListener('abort', () => reject(new Error('stopping')));
        }),
    );
    await relay.start();
    await eventually(() => expect(seen).to.deep.equal(['a']));
    await relay.stop();
    const [row] = await db('outbox');
    expect(Date.parse(row.leased_until)).to.be.at.most(Date.now());
    expect(Date.parse(row.due_at)).to.be.at.most(Date.now());
  });

  it('waits when it stops for what is handed over', async () => {
    const gate = createGate<void>();
    const seen: string[] = [];
    await put('a');
    const relay = relayTo(async ({ message }) => {
      seen.push(message.id);
      await gate.opened;
    });
    await relay.start();
    await eventually(() => expect(seen).to.deep.equal(['a']));
    const stopped = relay.stop();
    gate.open();
    await stopped;
    expect(await rows()).to.equal(0);
  });

  it('takes over the leases of a dead process at once when it is alone', async () => {
    await put('a');
    await db('outbox').update({ leased_until: new Date(Date.now() + 60_000).toISOString() });
    const seen: string[] = [];
    const publish = async ({ message }: Delivery) => void seen.push(message.id);
    await relayTo(publish).start();
    await relayTo(publish, { alone: true }).start();
    await eventually(() => expect(seen).to.deep.equal(['a']));
  });

  const leaseOf = async (id: string) => {
    const [row] = await db('outbox').where({ message_id: id });
    return Date.parse(row.leased_until) - Date.now();
  };

  it('keeps a confirmed message leased until it is settled, and publishes it again if nobody does', async () => {
    const seen: string[] = [];
    const publish: Broker['publish'] = async ({ message }) => {
      seen.push(message.id);
      return 'confirmed';
    };
    await put('a', 'b');
    const relay = relayThrough(publish, { publishAgainMs: 60_000 });
    await relay.start();
    await eventually(async () => expect(await leaseOf('a')).to.be.within(50_000, 60_000));
    await forget(db, 'submissions', 'b');
    await db('outbox').update({ leased_until: new Date().toISOString() });
    await eventually(() => expect(seen.sort()).to.deep.equal(['a', 'a', 'b']));
  });

  it('does not delay a message that was postponed before its confirm was noted', async () => {
    let publishes = 0;
    const delivery = { queue: 'submissions', message: aMessage({ id: 'a' }), attempt: 1, redeliveries: 0 } as const;
    const publish: Broker['publish'] = async () => {
      publishes += 1;
      // the worker was quicker than the relay
      if (publishes === 1) await postpone(db, delivery, { now: clock(), dueAt: clock(), attempt: 2 });
      return 'confirmed';
    };
    await addToOutbox(db, delivery.message, { now: clock(), sender: '123456' });
    await relayThrough(publish).start();
    await eventually(() => expect(publishes).to.equal(2));
  });

  it('takes over what a dead relay of another process left, once its lease is over, and counts it', async () => {
    const [seen, counted]: [number[], number[]] = [[], []];
    const telemetry: Telemetry = {
      ...noTelemetry,
      count: (name, _labels, by = 1) => void (name === 'bode_lease_takeovers_total' && counted.push(by)),
    };
    const publish: Broker['publish'] = async ({ redeliveries }) => {
      seen.push(redeliveries);
      return 'confirmed';
    };
    await put('a');
    await db('outbox').update({ leased_until: new Date(Date.now() + 150).toISOString(), handed: 1 });
    await relayThrough(publish, { telemetry }).start();
    await eventually(() => expect(seen).to.deep.equal([1]));
    expect(counted).to.deep.equal([1]);
  });

  it('does not hand over what it has leased ahead once that lease is over', async () => {
    let now = Date.now() + 60_000; // it stands still: what is put in must be due by it
    const seen: string[] = [];
    const gate = createGate<void>();
    const publish = async ({ message }: Delivery) => {
      seen.push(message.id);
      if (message.id === 'a') await gate.opened;
    };
    await put('a', 'b');
    const relay = relayTo(publish, { alone: true, places: 1, leaseMs: 60_000, clock: () => new Date(now) });
    await relay.start();
    await eventually(() => expect(seen).to.deep.equal(['a']));
    // as if it had been stopped for two minutes, and another had done the work meanwhile
    await db('outbox').where({ message_id: 'b' }).delete();
    now += 120_000;
    gate.open();
    await put('c');
    relay.wake();
    await eventually(() => expect(seen).to.deep.equal(['a', 'c']));
  });

  it('serves a second sender while a first one has thousands waiting, although its share is taken', async () => {
    const gate = createGate<void>();
    const seen: string[] = [];
    await put(...Array.from({ length: 300 }, (_, index) => `busy-${index}`));
    const relay = relayTo(
      async ({ message }) => {
        seen.push(message.id);
        if (message.id.startsWith('busy')) await gate.opened;
      },
      { alone: true },
    );
    await relay.start();
    await eventually(() => expect(seen).to.have.length(4));
    await addToOutbox(db, aMessage({ id: 'single' }), { now: clock(), sender: '654321' });
    relay.wake();
    await eventually(() => expect(seen.at(-1)).to.equal('single'));
    expect(seen).to.have.length(5);
    gate.open();
    await eventually(async () => expect(await rows()).to.equal(0), 20_000);
  });

  it('may be started and stopped any number of times', async () => {
    const seen: string[] = [];
    const relay = relayTo(async ({ message }) => seen.push(message.id));
    await relay.stop();
    await Promise.all([relay.start(), relay.start()]);
    await Promise.all([relay.stop(), relay.stop()]);
    await relay.start();
    await put('a');
    relay.wake();
    await eventually(() => expect(seen).to.deep.equal(['a']));
  });
});
