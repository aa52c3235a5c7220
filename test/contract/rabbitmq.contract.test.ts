import { expect } from 'chai';
import type { Broker, Delivery } from '../../engine/broker/broker.ts';
import { listDeadLetters } from '../../engine/broker/dead-letters.ts';
import { addAllToOutbox, forget } from '../../engine/broker/outbox.ts';
import { connectRabbitMq } from '../../engine/broker/rabbitmq.ts';
import { createRelay } from '../../engine/broker/relay.ts';
import { createSettle } from '../../engine/broker/settle.ts';
import { DELIVERY_LIMIT, queueOf, unreadableQueueOf } from '../../engine/broker/topology.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import type { Db } from '../../engine/store/database.ts';
import { openTestStore } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { aDelivery, aMessage } from '../support/messages.ts';
import { type Cable, layCable, newNamespace, onChannel, RABBITMQ_URL, removeNamespace } from '../support/rabbitmq.ts';

const log = silentLogger();

if (RABBITMQ_URL) suite(RABBITMQ_URL);

/** What only a broker across a network can get wrong. */
function suite(url: string): void {
  describe('rabbitmq, when things go wrong', () => {
    let db: Db;
    let namespace: string;
    let cable: Cable;
    let broker: Broker;
    let closeStore: () => Promise<void>;

    beforeEach(async () => {
      ({ db, close: closeStore } = await openTestStore());
      namespace = newNamespace();
      cable = await layCable(url);
      const settle = createSettle({ db, clock: systemClock, log });
      broker = await connectRabbitMq({ url: cable.url, namespace, settle, log });
    });
    afterEach(async () => {
      cable.mend();
      await broker.close();
      await cable.remove();
      await removeNamespace(url, namespace);
      await closeStore();
    });

    const submissions = () => queueOf(namespace, 'submissions');
    const waiting = (queue: string) =>
      onChannel(url, async (channel) => (await channel.checkQueue(queue)).messageCount);

    async function consume(): Promise<Delivery[]> {
      const seen: Delivery[] = [];
      const handle = async (delivery: Delivery) => {
        seen.push(delivery);
        await forget(db, delivery.queue, delivery.message.id);
        return { action: 'ack' } as const;
      };
      await broker.consume('submissions', handle, { prefetch: 10 });
      return seen;
    }

    const outcomeOf = (publish: Promise<unknown>) =>
      publish.then(
        () => 'taken',
        (error: { code?: string }) => error.code,
      );

    it('has every message that it confirmed when the connection is cut in the middle of publishing', async () => {
      const deliveries = Array.from({ length: 600 }, () => aDelivery());
      const outcomes = deliveries.map((delivery) => outcomeOf(broker.publish(delivery)));
      await outcomes[100];
      cable.cut();
      const settled = await Promise.all(outcomes);
      const confirmed = deliveries.filter((_, index) => settled[index] === 'taken').map(({ message }) => message.id);
      expect(confirmed.length).to.be.within(100, 599);
      expect(new Set(settled)).to.deep.equal(new Set(['taken', 'broker_unavailable']));
      cable.mend();
      const seen = await consume();
      await eventually(() => expect(seen.map(({ message }) => message.id)).to.include.members(confirmed));
    });

    it('rejects while the broker is away, and delivers all that waited in the outbox when it is back', async () => {
      const seen = await consume();
      const relay = createRelay({ db, broker, clock: systemClock, log, pollMs: 20, maxPauseMs: 200 });
      await relay.start();
      cable.cut();
      expect(await eventually(() => outcomeOf(broker.publish(aDelivery())))).to.equal('broker_unavailable');
      const messages = Array.from({ length: 300 }, () => aMessage());
      await addAllToOutbox(db, messages, { now: systemClock(), sender: '123456' });
      relay.wake();
      const [row] = await db('outbox').count({ rows: '*' });
      expect(Number(row?.['rows'])).to.equal(300);
      cable.mend();
      await eventually(() => expect(new Set(seen.map(({ message }) => message.id)).size).to.equal(300));
      await eventually(async () => expect(await db('outbox')).to.deep.equal([]));
      await relay.stop();
    });

    it('starts while the broker is away, and works once it is there', async () => {
      cable.cut();
      const settle = createSettle({ db, clock: systemClock, log });
      const early = await connectRabbitMq({ url: cable.url, namespace, settle, log });
      const seen: string[] = [];
      await early.consume(
        'forms',
        async ({ message }) => {
          seen.push(message.id);
          return { action: 'ack' };
        },
        { prefetch: 1 },
      );
      cable.mend();
      const message = { kind: 'forms.accepted', id: 'form-1', ticket: aMessage().ticket, formIndexes: [1] } as const;
      await eventually(() => early.publish({ queue: 'forms', message, attempt: 1, redeliveries: 0 }));
      await eventually(() => expect(seen).to.deep.equal(['form-1']));
      await early.close();
    });

    it('rejects a message that no queue takes, and makes the queue again', async () => {
      await onChannel(url, (channel) => channel.deleteQueue(submissions()));
      expect(await outcomeOf(broker.publish(aDelivery()))).to.equal('broker_unavailable');
      await eventually(() => broker.publish(aDelivery()));
      expect(await waiting(submissions())).to.equal(1);
    });

    it('consumes again when its queue was removed and is made again', async () => {
      const seen = await consume();
      await onChannel(url, (channel) => channel.deleteQueue(submissions()));
      await eventually(async () => {
        await broker.publish(aDelivery());
        expect(seen).to.have.length.of.at.least(1);
      });
    });

    for (const [body, headers, reason] of [
      ['{"kind":', { attempt: 1 }, 'not a message: body'],
      ['{"kind":"nobody.knows","id":"1"}', { attempt: 1 }, 'not a message: kind'],
      [JSON.stringify(aMessage()), {}, 'header attempt'],
    ] as const) {
      it(`sets a body aside that it cannot read, with the reason (${reason}), and goes on`, async () => {
        const seen = await consume();
        await onChannel(url, async (channel) => channel.sendToQueue(submissions(), Buffer.from(body), { headers }));
        const kept = await eventually(() =>
          onChannel(url, async (channel) => {
            const message = await channel.get(unreadableQueueOf(namespace), { noAck: true });
            if (message === false) throw new Error('nothing was set aside yet');
            return message;
          }),
        );
        expect(kept.content.toString()).to.equal(body);
        expect(kept.properties.headers?.['reason']).to.include(reason);
        await broker.publish(aDelivery());
        await eventually(() => expect(seen).to.have.length(1));
      });
    }

    it('buries a message in the store whose consumers died with it again and again', async () => {
      const delivery = aDelivery();
      await broker.publish(delivery);
      for (let death = 0; death <= DELIVERY_LIMIT; death += 1) {
        await eventually(() => onChannel(url, (channel) => channel.get(submissions())));
      }
      await consume();
      const [letter] = await eventually(async () => {
        const letters = await listDeadLetters(db, 10);
        expect(letters).to.have.length(1);
        return letters;
      });
      expect(letter?.messageId).to.equal(delivery.message.id);
      expect(letter?.reason).to.include('died');
    });

    it('refuses an address that is none', async () => {
      const settle = async () => {};
      const outcome = await connectRabbitMq({ url: 'http://localhost', settle, log }).catch((error: unknown) => error);
      expect(outcome).to.include({ code: 'config_invalid' });
    });
  });
}
