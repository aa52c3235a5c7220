import type { Message, QueueName } from '../../schemas/messages.ts';
import type { Fault } from './verdict.ts';

/** One message on its way to a worker. */
export interface Delivery {
  readonly queue: QueueName;
  readonly message: Message;
  /** Counts from 1; a failure that is followed by another try adds one. */
  readonly attempt: number;
  /** How often it was in a worker's hand before without being settled (its process died, or was cut off); 0 at first. */
  readonly redeliveries: number;
}

/** What becomes of a delivery. Waiting is an outbox row with a later due time, burying a dead letter: alike on every broker. */
export type Settlement =
  | { readonly action: 'ack' }
  | ({ readonly action: 'delay'; readonly delayMs: number; readonly attempt: number } & Fault)
  | ({ readonly action: 'bury' } & Fault);

export interface Subscription {
  /** Takes no more deliveries and resolves once those in hand are settled. */
  stop(): Promise<void>;
}

/** Carries out `delay` and `bury` in the store; resolves when that is durable, and only then is the delivery acknowledged. */
export type Settle = (delivery: Delivery, settlement: Settlement) => Promise<void>;

/** All the engine asks of a message broker. Implementations pass test/contract/broker.contract.test.ts. */
export interface Broker {
  /**
   * Resolves with `confirmed` once RabbitMQ has the message (its outbox row stays until a worker has settled it), or,
   * embedded, with `settled` once a worker has. Rejects when neither is certain: it is published again.
   * An abort of `signal` rejects what was not yet handed over.
   */
  publish(delivery: Delivery, signal?: AbortSignal): Promise<'confirmed' | 'settled'>;
  /** How many messages of a queue all workers together can have in hand, as far as is known here; at least 1. */
  places(queue: QueueName): number;
  /**
   * Hands each delivery to `handle`, at most `prefetch` at a time. A handler that rejects gets the delivery again,
   * after a pause that grows; its place stays taken, so that a store that is away is not hammered.
   */
  consume(
    queue: QueueName,
    handle: (delivery: Delivery) => Promise<Settlement>,
    options: { readonly prefetch: number },
  ): Promise<Subscription>;
  /** `up` while messages can be published and every subscription gets its deliveries; says what is known now, asks nobody. */
  health(): 'up' | 'down';
  /** Ends every subscription as its `stop` does; whoever still waits in `publish` is rejected. May be called twice. */
  close(): Promise<void>;
}
