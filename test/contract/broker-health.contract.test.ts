import { expect } from 'chai';
import type { Broker } from '../../engine/broker/broker.ts';
import { createEmbeddedBroker } from '../../engine/broker/embedded.ts';
import { connectRabbitMq } from '../../engine/broker/rabbitmq.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { eventually } from '../support/eventually.ts';
import { layCable, newNamespace, RABBITMQ_URL, removeNamespace } from '../support/rabbitmq.ts';

const settle = async () => {};
const log = silentLogger();
const consume = (broker: Broker) => broker.consume('forms', async () => ({ action: 'ack' }), { prefetch: 1 });

describe('broker health: embedded', () => {
  it('is up until the broker is closed', async () => {
    const broker = createEmbeddedBroker({ settle, log });
    await consume(broker);
    expect(broker.health()).to.equal('up');
    await broker.close();
    expect(broker.health()).to.equal('down');
  });
});

if (RABBITMQ_URL) {
  const url = RABBITMQ_URL;
  describe('broker health: rabbitmq', () => {
    it('is down while the way to RabbitMQ is cut, for publishing and for consuming, and up again after', async function () {
      this.timeout(60_000);
      const namespace = newNamespace();
      const cable = await layCable(url);
      const broker = await connectRabbitMq({ url: cable.url, namespace, settle, log });
      try {
        expect(broker.health()).to.equal('up');
        const subscription = await consume(broker);
        expect(broker.health()).to.equal('up');
        cable.cut();
        await eventually(() => expect(broker.health()).to.equal('down'));
        cable.mend();
        await eventually(() => expect(broker.health()).to.equal('up'), 30_000);
        await subscription.stop();
        expect(broker.health()).to.equal('up');
      } finally {
        await broker.close();
        await cable.remove();
        await removeNamespace(url, namespace);
      }
      expect(broker.health()).to.equal('down');
    });

    it('is down when RabbitMQ was never there', async () => {
      const cable = await layCable(url);
      cable.cut();
      const broker = await connectRabbitMq({ url: cable.url, namespace: newNamespace(), settle, log });
      expect(broker.health()).to.equal('down');
      await broker.close();
      await cable.remove();
    });
  });
}
