import { QUEUES, type QueueName } from '../../schemas/messages.ts';

export interface QueueSpec {
  readonly name: string;
  readonly arguments: Readonly<Record<string, string | number>>;
}

export interface BindingSpec {
  readonly queue: string;
  readonly exchange: string;
  readonly key: string;
}

/** The complete RabbitMQ layout, as data: printable, diffable, testable without a broker. */
export interface Topology {
  /** A durable direct exchange that takes what RabbitMQ itself gives up on. */
  readonly deadExchange: string;
  readonly queues: readonly QueueSpec[];
  readonly bindings: readonly BindingSpec[];
}

/**
 * Deliveries that may end with a dead consumer before RabbitMQ gives a message up; failing work never counts here. The
 * engine can tell which message is to blame (suspects.ts) and RabbitMQ cannot, so this is more than several messages
 * that kill their worker can come to, in one hand, before the engine has found them out.
 */
export const DELIVERY_LIMIT = 100;

/** The queue of RabbitMQ that carries one of the engine's queues. */
export const queueOf = (namespace: string, queue: QueueName) => `${namespace}.${queue}`;

/** Where messages wait whose consumer died again and again; the engine buries them in its store. */
export const deadQueueOf = (namespace: string) => `${namespace}.dead`;

/** Where bodies stay that nobody can read, each with its reason in a header; for a person to look at. */
export const unreadableQueueOf = (namespace: string) => `${namespace}.unreadable`;

/** One quorum queue for each of the engine's queues, and the two for what goes wrong. */
export function topologyOf(namespace: string): Topology {
  const deadExchange = deadQueueOf(namespace);
  const [dead, unreadable] = [deadQueueOf(namespace), unreadableQueueOf(namespace)];
  const work = QUEUES.map((queue) => queueOf(namespace, queue));
  return {
    deadExchange,
    queues: [
      ...work.map((name) => ({ name, arguments: workArguments(deadExchange) })),
      { name: dead, arguments: KEPT },
      { name: unreadable, arguments: KEPT },
    ],
    bindings: work.map((key) => ({ queue: dead, exchange: deadExchange, key })),
  };
}

// from 4.0 on RabbitMQ drops what was delivered 20 times, unless told otherwise; 3.x takes no -1 for "never"
const KEPT = { 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000 };

// at-least-once dead-lettering needs reject-publish: dropping the head would lose messages on the way
const workArguments = (deadExchange: string) => ({
  'x-queue-type': 'quorum',
  'x-dead-letter-exchange': deadExchange,
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
  'x-delivery-limit': DELIVERY_LIMIT,
});
