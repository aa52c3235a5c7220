import { expect } from 'chai';
import type { Broker, Delivery } from '../../engine/broker/broker.ts';
import { addAllToOutbox, forget } from '../../engine/broker/outbox.ts';
import { connectRabbitMq } from '../../engine/broker/rabbitmq.ts';
import { createRelay } from '../../engine/broker/relay.ts';
import { createSettle } from '../../engine/broker/settle.ts';
import { queueOf } from '../../engine/broker/topology.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { noTelemetry } from '../../engine/core/telemetry.ts';
import type { Db } from '../../engine/store/database.ts';
import { openTestStore } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { createGate } from '../support/gate.ts';
import { aDelivery, aMessage } from '../support/messages.ts';
import { type PrivateRabbitMq, startPrivateRabbitMq } from '../support/private-server.ts';
import { openProxy, type TcpProxy } from '../support/proxy.ts';
import { newNamespace, onChannel, RABBITMQ_URL } from '../support/rabbitmq.ts';

const log = silentLogger();

if (RABBITMQ_URL) suite();

/** What a RabbitMQ that is unwell does to its clients. It is this test's own, as it is treated badly. */
function suite(): void {
  describe('rabbitmq, when it is unwell', () => {
    let server: PrivateRabbitMq;
    let db: Db;
    let namespace: string;
    let proxy: TcpProxy;
    let reconnects: string[];
    let brokers: Broker[];
    let closeStore: () => Promise<void>;

    before(async () => {
      server = await startPrivateRabbitMq();
    });
    after(() => server.remove());

    beforeEach(async () => {
      ({ db, close: closeStore } = await openTestStore());
      namespace = newNamespace();
      proxy = await openProxy(Number(new URL(server.url).port));
      reconnects = [];
      brokers = [];
    });
    afterEach(async () => {
      proxy.mend();
      await Promise.all(brokers.map((broker) => broker.close()));
      await proxy.close();
      await closeStore();
    });

    async function connect(url: string): Promise<Broker> {
      const settle = createSettle({ db, clock: systemClock, log });
      const telemetry = {
        ...noTelemetry,
        count: (_: string, labels: object) => reconnects.push(...Object.values(labels)),
      };
      const broker = await connectRabbitMq({ url, namespace, settle, log, telemetry });
      brokers.push(broker);
      return broker;
    }

    const throughProxy = () => {
      const url = new URL(server.url);
      url.port = String(proxy.port);
      return url.href;
    };

    async function consume(broker: Broker): Promise<Delivery[]> {
      const seen: Delivery[] = [];
      const handle = async (delivery: Delivery) => {
        seen.push(delivery);
        await forget(db, delivery.queue, delivery.message.id);
        return { action: 'ack' } as const;
      };
      await broker.consume('submissions', handle, { prefetch: 10 });
      return seen;
    }

    const idsOf = (deliveries: readonly Delivery[]) => new Set(deliveries.map(({ message }) => message.id));
    const outcomeOf = (publish: Promise<unknown>) =>
      publish.then(String, (error: { code?: string }) => String(error.code));

    const alarms = [
      [
        'memory',
        ['set_vm_memory_high_watermark', 'absolute', '1MB'],
        ['set_vm_memory_high_watermark', 'absolute', '2GB'],
      ],
      ['disk', ['set_disk_free_limit', '900000GB'], ['set_disk_free_limit', '50MB']],
    ] as const;
    for (const [what, raise, lift] of alarms) {
      it(`keeps all in the outbox during an alarm (${what}), and drains it after: nothing lost, nothing confirmed that is not there`, async () => {
        const broker = await connect(server.url);
        const relay = createRelay({ db, broker, clock: systemClock, log, pollMs: 50, maxPauseMs: 200 });
        await relay.start();
        await broker.publish(aDelivery());
        await server.ctl(...raise);
        try {
          await eventually(async () => {
            void broker.publish(aDelivery()).catch(() => undefined); // RabbitMQ tells a publisher when it publishes
            expect(broker.health()).to.equal('down');
          }, 20_000);
          expect(await outcomeOf(broker.publish(aDelivery()))).to.equal('broker_unavailable');
          const messages = Array.from({ length: 200 }, () => aMessage());
          await addAllToOutbox(db, messages, { now: systemClock(), sender: '123456' });
          relay.wake();
          expect(await db('outbox')).to.have.length(200);
          await server.ctl(...lift);
          await eventually(() => expect(broker.health()).to.equal('up'), 20_000);
          const seen = await consume(broker);
          await eventually(() => expect(idsOf(seen)).to.include.all.keys(messages.map(({ id }) => id)), 20_000);
        } finally {
          await server.ctl(...lift);
          await relay.stop();
        }
      });
    }

    it('takes deliveries and acknowledges them during an alarm', async () => {
      const broker = await connect(server.url);
      const deliveries = Array.from({ length: 50 }, () => aDelivery());
      await Promise.all(deliveries.map((delivery) => broker.publish(delivery)));
      await server.ctl('set_disk_free_limit', '900000GB');
      try {
        const seen = await consume(broker);
        await eventually(() => expect(idsOf(seen).size).to.equal(50));
        const queue = queueOf(namespace, 'submissions');
        await eventually(async () => {
          const left = await onChannel(server.url, async (channel) => (await channel.checkQueue(queue)).messageCount);
          expect(left).to.equal(0);
        });
      } finally {
        await server.ctl('set_disk_free_limit', '50MB');
      }
    });

    it('finds out within 20 s that a connection is dead that was never closed, on both sides', async () => {
      const broker = await connect(throughProxy());
      const other = await connect(server.url);
      const gate = createGate<void>();
      const stuck: string[] = [];
      await broker.consume(
        'submissions',
        async ({ message }) => {
          stuck.push(message.id);
          await gate.opened;
          return { action: 'ack' };
        },
        { prefetch: 1 },
      );
      await other.publish(aDelivery());
      await eventually(() => expect(stuck).to.have.length(1));
      proxy.stall();
      const from = performance.now();
      const publishing = outcomeOf(broker.publish(aDelivery()));
      const seen = await consume(other);
      await eventually(() => expect(seen).to.have.length(1), 25_000); // what the dead one had in hand
      const takenOverMs = performance.now() - from;
      expect(await publishing).to.equal('broker_unavailable');
      const noticedMs = performance.now() - from;
      expect(seen[0]?.redeliveries).to.equal(1);
      expect(Math.max(takenOverMs, noticedMs)).to.be.lessThan(20_000);
      gate.open();
      proxy.mend();
      await eventually(() => expect(broker.health()).to.equal('up'), 30_000);
      expect(reconnects).to.include.members(['publisher', `consumer of ${queueOf(namespace, 'submissions')}`]);
    }).timeout(90_000);

    it('works on when RabbitMQ was frozen, without losing or doubling what it confirmed', async () => {
      const broker = await connect(server.url);
      const seen = await consume(broker);
      const relay = createRelay({ db, broker, clock: systemClock, log, pollMs: 50, maxPauseMs: 500 });
      await relay.start();
      await server.pause();
      const messages = Array.from({ length: 50 }, () => aMessage());
      await addAllToOutbox(db, messages, { now: systemClock(), sender: '123456' });
      relay.wake();
      await eventually(() => expect(broker.health()).to.equal('down'), 25_000);
      await server.resume();
      await eventually(() => expect(idsOf(seen)).to.include.all.keys(messages.map(({ id }) => id)), 40_000);
      await relay.stop();
    }).timeout(120_000);

    it('works on when RabbitMQ was killed and came back', async () => {
      const broker = await connect(server.url);
      const seen = await consume(broker);
      const before = Array.from({ length: 20 }, () => aDelivery());
      await Promise.all(before.map((delivery) => broker.publish(delivery)));
      await server.kill();
      expect(await outcomeOf(broker.publish(aDelivery()))).to.equal('broker_unavailable');
      await server.start();
      await eventually(() => expect(broker.health()).to.equal('up'), 30_000);
      const after = aDelivery();
      await eventually(() => broker.publish(after));
      await eventually(() => expect(idsOf(seen)).to.include.all.keys(...idsOf([...before, after])));
    }).timeout(120_000);
  });
}
