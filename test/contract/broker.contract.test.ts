import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { Broker, Delivery, Settlement } from '../../engine/broker/broker.ts';
import { listDeadLetters } from '../../engine/broker/dead-letters.ts';
import { createEmbeddedBroker } from '../../engine/broker/embedded.ts';
import { addAllToOutbox, addToOutbox, forget } from '../../engine/broker/outbox.ts';
import { connectRabbitMq } from '../../engine/broker/rabbitmq.ts';
import { createRelay, type Relay } from '../../engine/broker/relay.ts';
import { createSettle } from '../../engine/broker/settle.ts';
import { done, retry } from '../../engine/broker/verdict.ts';
import { createWorker } from '../../engine/broker/worker.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import type { Service } from '../../engine/core/service.ts';
import type { Db } from '../../engine/store/database.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { createGate } from '../support/gate.ts';
import { aDelivery, aMessage } from '../support/messages.ts';
import { newNamespace, RABBITMQ_URL, removeNamespace } from '../support/rabbitmq.ts';

interface Bench {
  readonly db: Db;
  readonly broker: Broker;
  readonly relay: Relay;
  close(): Promise<void>;
}

const ACK: Settlement = { action: 'ack' };
const log = silentLogger();
const clock = systemClock;

/** A store, a broker on it and a relay between both, all of its own. */
async function setUp(kind: 'embedded' | 'rabbitmq', store: StoreKind = 'sqlite'): Promise<Bench> {
  const { db, close: closeStore } = await openTestStore(store);
  const settle = createSettle({ db, clock, log, onSettled: () => relay.wake() });
  const namespace = newNamespace();
  const url = RABBITMQ_URL ?? '';
  const broker =
    kind === 'embedded'
      ? createEmbeddedBroker({ settle, log })
      : await connectRabbitMq({ url, namespace, settle, log });
  const relay: Relay = createRelay({ db, broker, clock, log, pollMs: 20 });
  const close = async () => {
    await relay.stop();
    await broker.close();
    if (kind === 'rabbitmq') await removeNamespace(url, namespace);
    await closeStore();
  };
  return { db, broker, relay, close };
}

contract('embedded');
if (RABBITMQ_URL) contract('rabbitmq');

/** What every Broker must do. A new adapter is finished when this passes. */
function contract(kind: 'embedded' | 'rabbitmq'): void {
  describe(`broker contract: ${kind}`, () => {
    let bench: Bench;
    let services: Service[];

    beforeEach(async () => {
      bench = await setUp(kind);
      services = [];
    });
    afterEach(async () => {
      for (const service of services) await service.stop();
      await bench.close();
    });

    /** Consumes submissions with `handle` and notes what came. */
    async function consume(handle: (delivery: Delivery) => Promise<Settlement>, prefetch = 5) {
      const seen: Delivery[] = [];
      const subscription = await bench.broker.consume(
        'submissions',
        async (delivery) => {
          seen.push(delivery);
          const settlement = await handle(delivery);
          // as a worker does with its effect
          if (settlement.action === 'ack') await forget(bench.db, delivery.queue, delivery.message.id);
          return settlement;
        },
        { prefetch },
      );
      return { seen, subscription };
    }

    it('delivers what was published, once, when it is acknowledged', async () => {
      const delivery = aDelivery();
      const { seen, subscription } = await consume(async () => ACK);
      await bench.broker.publish(delivery);
      await eventually(() => expect(seen).to.deep.equal([delivery]));
      await subscription.stop();
      const second = await consume(async () => ACK);
      await bench.broker.publish(aDelivery({ attempt: 7 }));
      await eventually(() => expect(second.seen.map(({ attempt }) => attempt)).to.deep.equal([7]));
      expect(seen).to.have.length(1);
    });

    it('tells what became of a message when it was published', async () => {
      await consume(async () => ACK);
      expect(await bench.broker.publish(aDelivery())).to.equal(kind === 'embedded' ? 'settled' : 'confirmed');
    });

    it('knows how many messages of a queue can be in hand', async () => {
      expect(bench.broker.places('submissions')).to.be.at.least(1);
      await consume(async () => ACK, 3);
      expect(bench.broker.places('submissions')).to.be.at.least(1);
    });

    it('keeps what was published before anyone consumes', async () => {
      const delivery = aDelivery();
      const published = bench.broker.publish(delivery);
      const { seen } = await consume(async () => ACK);
      await published;
      await eventually(() => expect(seen).to.deep.equal([delivery]));
    });

    it('brings a delayed message again with its next attempt, not before it is due', async () => {
      const times: number[] = [];
      const { seen } = await consume(async ({ attempt }) => {
        times.push(Date.now());
        return attempt === 1 ? { action: 'delay', delayMs: 300, attempt: 2, reason: 'not yet' } : ACK;
      });
      await bench.relay.start();
      await bench.broker.publish(aDelivery());
      await eventually(() => expect(seen.map(({ attempt }) => attempt)).to.deep.equal([1, 2]));
      const [first = 0, second = 0] = times;
      expect(second - first).to.be.within(299, 2_000);
      await eventually(async () => expect(await bench.db('outbox')).to.deep.equal([]));
    });

    it('makes a buried message a dead letter with its reason, and does not deliver it again', async () => {
      const delivery = aDelivery({ attempt: 3 });
      const { seen } = await consume(async () => ({ action: 'bury', reason: 'no such sender' }));
      await bench.broker.publish(delivery);
      const [letter] = await eventually(async () => {
        const letters = await listDeadLetters(bench.db, 10);
        expect(letters).to.have.length(1);
        return letters;
      });
      expect(letter).to.include({ queue: 'submissions', reason: 'no such sender', attempt: 3 });
      expect(letter?.messageId).to.equal(delivery.message.id);
      expect(seen).to.have.length(1);
    });

    it('hands over at most `prefetch` deliveries at a time', async () => {
      let inHand = 0;
      let most = 0;
      const { seen } = await consume(async () => {
        inHand += 1;
        most = Math.max(most, inHand);
        await delay(10);
        inHand -= 1;
        return ACK;
      }, 3);
      await Promise.all(Array.from({ length: 20 }, () => bench.broker.publish(aDelivery())));
      await eventually(() => expect(seen).to.have.length(20));
      expect(most).to.equal(3);
    });

    it('serves one queue while another is stuck', async () => {
      const stuck = createGate<Settlement>();
      const { seen } = await consume(() => stuck.opened, 1);
      const forms: string[] = [];
      await bench.broker.consume(
        'forms',
        async ({ message }) => {
          forms.push(message.id);
          return ACK;
        },
        { prefetch: 1 },
      );
      const published = [1, 2].map(() => bench.broker.publish(aDelivery()));
      await eventually(() => expect(seen).to.have.length(1));
      const form = { kind: 'forms.accepted', id: 'form-1', ticket: aMessage().ticket, formIndexes: [1] } as const;
      await bench.broker.publish({ queue: 'forms', message: form, attempt: 1, redeliveries: 0 });
      await eventually(() => expect(forms).to.deep.equal(['form-1']));
      stuck.open(ACK);
      await Promise.all(published);
    });

    it('finishes the work in hand before stop resolves, and takes no more', async () => {
      const gate = createGate<Settlement>();
      let finished = false;
      const { seen, subscription } = await consume(async () => {
        const settlement = await gate.opened;
        finished = true;
        return settlement;
      }, 1);
      const published = [1, 2].map(() => bench.broker.publish(aDelivery()));
      await eventually(() => expect(seen).to.have.length(1));
      const stopped = subscription.stop();
      gate.open(ACK);
      await stopped;
      expect(finished).to.equal(true);
      expect(seen).to.have.length(1);
      const rest = await consume(async () => ACK);
      await eventually(() => expect(rest.seen).to.have.length(1));
      await Promise.all(published);
    });

    it('bears being stopped and closed twice', async () => {
      const { subscription } = await consume(async () => ACK);
      await Promise.all([subscription.stop(), subscription.stop()]);
      await bench.broker.close();
    });

    it('brings a delivery again to a handler that rejected it', async () => {
      let failures = 2;
      const { seen } = await consume(async () => {
        if (failures-- > 0) throw new Error('the store is away');
        return ACK;
      });
      const delivery = aDelivery();
      await bench.broker.publish(delivery);
      await eventually(() => expect(seen).to.have.length(3));
      expect(seen).to.deep.equal([delivery, delivery, delivery]);
    });

    it('rejects what is published after close', async () => {
      await bench.broker.close();
      const outcome = await bench.broker.publish(aDelivery()).catch((error: unknown) => error);
      expect(outcome).to.include({ code: 'broker_unavailable' });
    });

    it('delivers within 50 ms of a wake', async () => {
      const { seen } = await consume(async () => ACK);
      await bench.relay.start();
      const latencies: number[] = [];
      for (let count = 1; count <= 10; count += 1) {
        await addToOutbox(bench.db, aMessage(), { now: clock(), sender: '123456' });
        const from = performance.now();
        bench.relay.wake();
        while (seen.length < count) await delay(1);
        latencies.push(performance.now() - from);
      }
      expect(latencies.sort((a, b) => a - b)[5]).to.be.lessThan(50); // the median: the machine is shared
    });

    for (const store of STORES) {
      it(`has each effect exactly once, outbox to worker on ${store}, 1,000 messages, handlers that fail at random`, async () => {
        const own = await setUp(kind, store);
        const worker = createWorker(
          {
            ...{ broker: own.broker, db: own.db, clock, log, prefetch: 8, signal: new AbortController().signal },
            policy: { maxAttempts: 100, firstDelayMs: 5, maxDelayMs: 20 },
          },
          {
            kind: 'submission.received',
            queue: 'submissions',
            prepare: async (message) => ({ kind: 'work' as const, message }),
            stages: {
              take: async (work, { tx }) => {
                await tx('effects').insert({ id: work.message.id });
                const chance = Math.random();
                if (chance < 0.1) throw new Error('by chance');
                return chance < 0.2 ? retry('by chance') : done;
              },
            },
          },
        );
        await own.db.schema.createTable('effects', (table) => table.text('id'));
        await own.relay.start();
        await worker.start();
        const messages = Array.from({ length: 1_000 }, () => aMessage());
        await addAllToOutbox(own.db, messages, { now: clock(), sender: '123456' });
        own.relay.wake();
        await eventually(async () => {
          expect(await own.db('outbox').count({ rows: '*' }).first()).to.satisfy(isZero);
          expect(await own.db('effects').count({ rows: '*' }).first()).to.satisfy(isThousand);
        }, 60_000);
        const effects: { id: string }[] = await own.db('effects').select('id');
        expect(new Set(effects.map(({ id }) => id))).to.deep.equal(new Set(messages.map(({ id }) => id)));
        expect(await listDeadLetters(own.db, 1)).to.deep.equal([]);
        await worker.stop();
        await own.close();
      }).timeout(90_000);
    }
  });
}

const isZero = (row: { rows?: unknown }) => Number(row.rows) === 0;
const isThousand = (row: { rows?: unknown }) => Number(row.rows) === 1_000;
