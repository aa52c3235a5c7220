import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../core/logger.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Delivery, Settle, Settlement, Subscription } from './broker.ts';
import { handOver } from './hand-over.ts';
import { createLifeline, reasonOf } from './lifeline.ts';
import { deliveryOf } from './rabbitmq-delivery.ts';
import type { ConsumeMessage, RabbitSession } from './rabbitmq-session.ts';
import { createWatchdog } from './watchdog.ts';

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
  readonly telemetry?: Telemetry;
  /** How often the consumer must prove that it is alive, in ms. Default 15,000. */
  readonly checkEveryMs?: number;
}

/** A subscription that knows whether it gets deliveries. */
export interface RabbitSubscription extends Subscription {
  /** True while its consumer is there, and once it was told to stop. */
  isUp(): boolean;
}

const PAUSE_MS = 1_000;
const CHECK_EVERY_MS = 15_000;
const GIVE_UP_AFTER_MS = 5 * 60_000; // well before RabbitMQ, which waits 30 minutes, takes the channel away

/**
 * Consumes one queue on a connection of its own, opened again whenever it, its channel or the consumer is lost.
 * A delivery is acknowledged after its settlement is durable, or when that has failed for five minutes: its outbox row
 * brings it again. Resolves after the first try to subscribe.
 */
export async function createSubscription(deps: SubscriptionDeps): Promise<RabbitSubscription> {
  const { name, prefetch, setAside, log, telemetry, checkEveryMs = CHECK_EVERY_MS } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  const inHand = new Set<Promise<void>>();
  const watchdog = createWatchdog({ name, checkEveryMs, isIdle: () => inHand.size === 0, hasRoom });
  const lifeline = createLifeline({
    name: `consumer of ${name}`,
    log,
    open: subscribe,
    ...(telemetry && { telemetry }),
  });

  function hasRoom(): boolean {
    return inHand.size < prefetch;
  }

  async function subscribe(): Promise<RabbitSession> {
    const session = await deps.open(`consumer ${name}`);
    try {
      signal.throwIfAborted();
      await session.channel.prefetch(prefetch);
      await watchdog.guard(session, (raw) => receive(raw, session));
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
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
    if (await isSettled(raw)) channel.ack(raw);
    else channel.nack(raw, false, true);
  }

  async function isSettled(raw: ConsumeMessage): Promise<boolean> {
    const delivery = deliveryOf(raw);
    if ('unreadable' in delivery) return isSetAside(raw, delivery.unreadable);
    if (signal.aborted) return isHandedBack(delivery);
    const settled = await handOver(delivery, { ...deps, signal, giveUpAfterMs: GIVE_UP_AFTER_MS });
    return settled || !signal.aborted;
  }

  /** Through the outbox: given back to RabbitMQ it would count as a delivery that failed (before RabbitMQ 4.3). */
  async function isHandedBack(delivery: Delivery): Promise<boolean> {
    const { attempt } = delivery;
    const reason = 'handed back while the engine stops';
    return deps.settle(delivery, { action: 'delay', delayMs: 0, attempt, reason }).then(
      () => true,
      () => false, // the store is away
    );
  }

  async function isSetAside(raw: ConsumeMessage, reason: string): Promise<boolean> {
    try {
      await setAside(raw.content, reason);
      log.error({ queue: name, reason }, 'unreadable message set aside');
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
      await watchdog.stop();
      await Promise.all(inHand);
      await lifeline.close();
    },
  };
}
