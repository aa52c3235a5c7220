import { QUEUES, type QueueName } from '../../schemas/messages.ts';
import { EngineError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Broker, Settle } from './broker.ts';
import { createPublisher } from './rabbitmq-publisher.ts';
import { openSession } from './rabbitmq-session.ts';
import { createSubscription, type Handle, type RabbitSubscription } from './rabbitmq-subscription.ts';
import { deadQueueOf, queueOf, unreadableQueueOf } from './topology.ts';

export interface RabbitMqDeps {
  /** `amqp://user:secret@host:port/vhost`, or amqps. */
  readonly url: string;
  /** First part of every queue's name. Default `bode`. */
  readonly namespace?: string;
  readonly settle: Settle;
  readonly log: Logger;
  readonly telemetry?: Telemetry;
  /** The prefetch of the workers of a queue, for processes that have none themselves. Default 8. */
  readonly prefetchOf?: (queue: QueueName) => number;
}

// both sides find out after two to three times this that the other one is cut off or frozen
const HEARTBEAT_S = 5;

/**
 * A broker on RabbitMQ (3.10 or later): quorum queues, persistent messages, confirms, manual acks. Every use has a
 * connection of its own, opened again with back-off when it, its channel or its consumer is lost; until then
 * publishing rejects. Resolves after the first try to connect, whether or not RabbitMQ was there. Throws
 * config_invalid on a bad address.
 */
export async function connectRabbitMq(deps: RabbitMqDeps): Promise<Broker> {
  const { namespace = 'bode', settle, log, prefetchOf = () => 8, ...rest } = deps;
  const telemetry = rest.telemetry && { telemetry: rest.telemetry };
  const address = addressOf(deps.url);
  const open = (name: string) => openSession(address, `${namespace} ${name}`, namespace);
  const counted = QUEUES.map((queue) => queueOf(namespace, queue));
  const publisher = createPublisher({ open, namespace, log, counted, ...telemetry });
  const prefetches = new Map<QueueName, number>();
  const subscriptions = new Set<RabbitSubscription>();
  let deadLetters: Promise<RabbitSubscription> | undefined;

  function subscribe(name: string, prefetch: number, handle: Handle): Promise<RabbitSubscription> {
    const setAside = (content: Buffer, reason: string) =>
      publisher.send(unreadableQueueOf(namespace), content, { headers: { reason, queue: name } });
    return createSubscription({ open, name, prefetch, handle, settle, setAside, log, ...telemetry });
  }

  /** Brings what RabbitMQ gave up on to the store, where every other dead letter is. */
  const buryTheDead = () =>
    subscribe(deadQueueOf(namespace), 1, async () => ({
      action: 'bury',
      code: 'worker_crashed',
      reason: 'its worker died with it again and again',
    }));

  await publisher.tried;
  return {
    async publish({ queue, message, attempt, redeliveries }, signal) {
      // a copy that is published again must not look as if nobody had ever had the message in hand
      const headers = { attempt, redeliveries };
      const properties = { messageId: message.id, type: message.kind, headers };
      await publisher.send(queueOf(namespace, queue), Buffer.from(JSON.stringify(message)), properties, signal);
      return 'confirmed';
    },
    places(queue) {
      const consumers = publisher.consumersOf(queueOf(namespace, queue)) ?? 1;
      return Math.max(1, consumers) * (prefetches.get(queue) ?? prefetchOf(queue));
    },
    async consume(queue, handle, { prefetch }) {
      prefetches.set(queue, prefetch);
      deadLetters ??= buryTheDead();
      subscriptions.add(await deadLetters);
      const subscription = await subscribe(queueOf(namespace, queue), prefetch, handle);
      subscriptions.add(subscription);
      return {
        async stop() {
          await subscription.stop();
          subscriptions.delete(subscription);
        },
      };
    },
    health: () => (publisher.isUp() && [...subscriptions].every(({ isUp }) => isUp()) ? 'up' : 'down'),
    async close() {
      await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
      await publisher.close();
    },
  };
}

function addressOf(url: string): string {
  if (!URL.canParse(url) || !/^amqps?:$/.test(new URL(url).protocol)) {
    throw new EngineError('config_invalid', 'broker.url: must be amqp://host or amqps://host');
  }
  const address = new URL(url);
  if (!address.searchParams.has('heartbeat')) address.searchParams.set('heartbeat', String(HEARTBEAT_S));
  return address.href;
}
