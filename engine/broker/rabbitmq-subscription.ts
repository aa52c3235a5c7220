import { setTimeout as delay } from 'node:timers/promises';
import { Message, QUEUE_OF } from '../../schemas/messages.ts';
import type { Logger } from '../core/logger.ts';
import type { Delivery, Settle, Settlement, Subscription } from './broker.ts';
import { handOver } from './hand-over.ts';
import { createLifeline, reasonOf } from './lifeline.ts';
import type { ConsumeMessage, RabbitSession } from './rabbitmq-session.ts';

export type Handle = (delivery: Delivery) => Promise<Settlement>;

export interface SubscriptionDeps {
  open(name: string): Promise<RabbitSession>;
  /** The queue's name in RabbitMQ. */
  readonly name: string;
  readonly prefetch: number;
  readonly handle: Handle;
  readonly settle: Settle;
  /** Keeps a body that nobody can read, with the reason; resolves when it is durable. */
  setAside(content: Buffer, reason: string): Promise<void>;
  readonly log: Logger;
}

/** A subscription that knows whether it gets deliveries. */
export interface RabbitSubscription extends Subscription {
  /** True while its consumer is there, and once it was told to stop. */
  isUp(): boolean;
}

const PAUSE_MS = 1_000;
const CHECK_EVERY_MS = 15_000;

/**
 * Consumes one queue on a connection of its own, opened again whenever it, its channel or the consumer is lost.
 * A delivery is acknowledged after its settlement is durable. Resolves after the first try to subscribe.
 */
export async function createSubscription(deps: SubscriptionDeps): Promise<RabbitSubscription> {
  const { name, prefetch, setAside, log } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  const inHand = new Set<Promise<void>>();
  const lifeline = createLifeline({ name: `consumer of ${name}`, log, open: subscribe });

  async function subscribe(): Promise<RabbitSession> {
    const session = await deps.open(`consumer ${name}`);
    try {
      signal.throwIfAborted();
      await session.channel.prefetch(prefetch);
      await session.channel.consume(name, (raw) => receive(raw, session), { consumerTag: name });
      watch(session);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** RabbitMQ may forget a consumer without a word, e.g. when its queue is removed and made again in one moment. */
  function watch(session: RabbitSession): void {
    const check = async () => {
      const { consumerCount } = await session.channel.checkQueue(name);
      if (consumerCount === 0) session.lose('consumer forgotten');
    };
    const timer = setInterval(() => check().catch((error: unknown) => session.lose(reasonOf(error))), CHECK_EVERY_MS);
    void session.lost.then(() => clearInterval(timer));
  }

  function receive(raw: ConsumeMessage | null, session: RabbitSession): void {
    if (!raw) {
      session.lose('consumer cancelled');
      return;
    }
    const work = settleOrReturn(raw, session)
      .catch((error: unknown) => log.warn({ queue: name, reason: reasonOf(error) }, 'acknowledging failed'))
      .finally(() => inHand.delete(work));
    inHand.add(work);
  }

  /** What cannot be acknowledged any more, RabbitMQ delivers again. */
  async function settleOrReturn(raw: ConsumeMessage, { channel }: RabbitSession): Promise<void> {
    if (!signal.aborted && (await isSettled(raw))) channel.ack(raw);
    else channel.nack(raw, false, true);
  }

  async function isSettled(raw: ConsumeMessage): Promise<boolean> {
    const delivery = deliveryOf(raw);
    if ('message' in delivery) return handOver(delivery, { ...deps, signal });
    try {
      await setAside(raw.content, delivery.unreadable);
      log.error({ queue: name, reason: delivery.unreadable }, 'unreadable message set aside');
      return true;
    } catch (error) {
      log.warn({ queue: name, reason: reasonOf(error) }, 'unreadable message not set aside yet');
      await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      return false;
    }
  }

  await lifeline.tried;
  return {
    isUp: () => signal.aborted || lifeline.current() !== undefined,
    async stop() {
      stopping.abort();
      // a failure means that the consumer is gone, which is what was asked
      await lifeline
        .current()
        ?.channel.cancel(name)
        .catch(() => undefined);
      await Promise.all(inHand);
      await lifeline.close();
    },
  };
}

function deliveryOf({ content, properties }: ConsumeMessage): Delivery | { readonly unreadable: string } {
  const parsed = Message.safeParse(parse(content));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { unreadable: `not a message: ${issue?.path.join('.') || 'body'}: ${issue?.message ?? ''}` };
  }
  const attempt = Number(properties.headers?.['attempt']);
  if (!Number.isInteger(attempt) || attempt < 1) return { unreadable: 'header attempt: not a number from 1' };
  return { queue: QUEUE_OF[parsed.data.kind], message: parsed.data, attempt };
}

function parse(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    return undefined;
  }
}
