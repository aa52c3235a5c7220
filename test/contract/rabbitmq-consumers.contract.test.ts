import { expect } from 'chai';
import type { Delivery, Settlement } from '../../engine/broker/broker.ts';
import { addToOutbox } from '../../engine/broker/outbox.ts';
import { connectRabbitMq } from '../../engine/broker/rabbitmq.ts';
import { openSession, type RabbitSession } from '../../engine/broker/rabbitmq-session.ts';
import { createSubscription } from '../../engine/broker/rabbitmq-subscription.ts';
import { createSettle } from '../../engine/broker/settle.ts';
import { queueOf } from '../../engine/broker/topology.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import type { Db } from '../../engine/store/database.ts';
import { openTestStore } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { createGate } from '../support/gate.ts';
import { aDelivery, aMessage } from '../support/messages.ts';
import { newNamespace, onChannel, RABBITMQ_URL, removeNamespace } from '../support/rabbitmq.ts';

const log = silentLogger();
const ACK: Settlement = { action: 'ack' };

if (RABBITMQ_URL) suite(RABBITMQ_URL);

/** What a subscription owes when there are others on its queue. */
function suite(url: string): void {
  describe('rabbitmq consumers', () => {
    let db: Db;
    let namespace: string;
    let name: string;
    let stops: (() => Promise<unknown>)[];
    let closeStore: () => Promise<void>;

    beforeEach(async () => {
      ({ db, close: closeStore } = await openTestStore());
      namespace = newNamespace();
      name = queueOf(namespace, 'submissions');
      stops = [];
    });
    afterEach(async () => {
      await Promise.all(stops.map((stop) => stop()));
      await removeNamespace(url, namespace);
      await closeStore();
    });

    async function connect() {
      const settle = createSettle({ db, clock: systemClock, log });
      const broker = await connectRabbitMq({ url, namespace, settle, log, prefetchOf: () => 5 });
      stops.push(() => broker.close());
      return broker;
    }

    /** A subscription whose sessions the test can reach behind its back. */
    async function subscribe(handle: (delivery: Delivery) => Promise<Settlement>, prefetch = 2) {
      const sessions: RabbitSession[] = [];
      const tags: string[] = [];
      const cancelling = createGate<void>();
      const open = async (use: string) => {
        const session = await openSession(url, use, namespace);
        const consume = session.channel.consume.bind(session.channel);
        session.channel.consume = (queue, take, options) => {
          tags.push(options?.consumerTag ?? '');
          return consume(queue, take, options);
        };
        const cancel = session.channel.cancel.bind(session.channel);
        session.channel.cancel = async (tag) => {
          const reply = await cancel(tag);
          cancelling.open();
          return reply;
        };
        sessions.push(session);
        return session;
      };
      const settle = createSettle({ db, clock: systemClock, log });
      const setAside = async () => undefined;
      const deps = { open, name, prefetch, handle, settle, setAside, log, checkEveryMs: 150 };
      const subscription = await createSubscription(deps);
      stops.push(() => subscription.stop());
      /** RabbitMQ forgets the consumer; the subscription is not told. */
      const forget = () => sessions.at(-1)?.channel.cancel(tags.at(-1) ?? '');
      return { subscription, sessions, forget, cancelled: cancelling.opened };
    }

    it('comes to life again when RabbitMQ has forgotten it while it was idle, though another process consumes too', async () => {
      const other = await connect();
      const gate = createGate<void>();
      await other.consume('submissions', () => gate.opened.then(() => ACK), { prefetch: 1 });
      const seen: Delivery[] = [];
      const { forget } = await subscribe(async (delivery) => {
        seen.push(delivery);
        return ACK;
      });
      await forget();
      for (let count = 0; count < 4; count += 1) await other.publish(aDelivery()); // one is the other's, who is busy
      await eventually(() => expect(seen).to.have.length.of.at.least(3), 5_000);
      gate.open();
    });

    it('comes to life again when RabbitMQ has forgotten it while it was at work', async () => {
      const other = await connect();
      const gate = createGate<void>();
      const seen: Delivery[] = [];
      const { forget, sessions } = await subscribe(async (delivery) => {
        seen.push(delivery);
        if (seen.length === 1) await gate.opened;
        return ACK;
      });
      await other.publish(aDelivery());
      await eventually(() => expect(seen).to.have.length(1));
      await forget();
      const waiting = aDelivery();
      await other.publish(waiting);
      const ids = () => seen.map(({ message }) => message.id);
      await eventually(() => expect(ids()).to.include(waiting.message.id), 5_000);
      expect(sessions.length).to.equal(2);
      gate.open();
    });

    it('leaves a consumer alone that is at work with no place free, however much waits', async () => {
      const other = await connect();
      const gate = createGate<void>();
      const { sessions } = await subscribe(() => gate.opened.then(() => ACK), 1);
      for (let count = 0; count < 3; count += 1) await other.publish(aDelivery());
      await new Promise((resolve) => setTimeout(resolve, 700)); // four checks
      expect(sessions).to.have.length(1);
      gate.open();
    });

    it('acknowledges what it finished last before its connection ends', async () => {
      const broker = await connect();
      const gate = createGate<void>();
      const begun: Delivery[] = [];
      const { subscription, cancelled } = await subscribe(async (delivery) => {
        begun.push(delivery);
        await gate.opened;
        return ACK;
      });
      await broker.publish(aDelivery());
      await eventually(() => expect(begun).to.have.length(1));
      const stopped = subscription.stop();
      await cancelled; // now it waits for the work only
      gate.open();
      await stopped;
      expect(await onChannel(url, (channel) => channel.checkQueue(name))).to.include({ messageCount: 0 });
    });

    it('hands back what comes while it stops: the same attempt, not a redelivery', async () => {
      const broker = await connect();
      const gate = createGate<void>();
      const { subscription } = await subscribe(() => gate.opened.then(() => ACK), 1);
      const messages = [aMessage(), aMessage()];
      for (const message of messages) {
        await addToOutbox(db, message, { now: systemClock(), sender: '123456', attempt: 3 });
        await broker.publish(aDelivery({ message, attempt: 3 }));
      }
      const stopped = subscription.stop();
      gate.open(); // RabbitMQ may fill the place before it hears of the stop
      await stopped;
      const left = await onChannel(url, (channel) => channel.get(name, { noAck: true }));
      const counted = left ? left.properties.headers?.['x-delivery-count'] : 0;
      expect(counted).to.equal(0);
      const rows = await db('outbox').select('attempt', 'handed');
      expect(rows.every(({ attempt, handed }) => attempt === 3 && handed === 0)).to.equal(true);
    });

    it('knows how many messages all workers can have in hand: those of other processes count', async () => {
      const channels = await connect();
      expect(channels.places('submissions')).to.equal(5);
      const workers = [await connect(), await connect()];
      for (const worker of workers) await worker.consume('submissions', async () => ACK, { prefetch: 5 });
      await eventually(() => expect(channels.places('submissions')).to.equal(10), 8_000);
      expect(channels.places('forms')).to.equal(5);
    });
  });
}
