import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Delivery, Settle, Settlement } from './broker.ts';

/** What a subscription does with each delivery. */
export interface HandOver {
  readonly handle: (delivery: Delivery) => Promise<Settlement>;
  readonly settle: Settle;
  readonly log: Logger;
  /** Aborted when the subscription stops: no further try is made. */
  readonly signal: AbortSignal;
}

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;

/**
 * Has a delivery handled and its settlement carried out, again and again until both succeeded; the pause between two
 * tries grows from 0.1 s to 10 s. Resolves with false when it was stopped before: the delivery is not settled.
 */
export async function handOver(delivery: Delivery, { handle, settle, log, signal }: HandOver): Promise<boolean> {
  for (let failures = 0; ; failures += 1) {
    try {
      await settle(delivery, await handle(delivery));
      return true;
    } catch (error) {
      const { queue, message } = delivery;
      const { id: messageId, ticket } = message;
      log.error({ queue, messageId, ticket, reason: messageOf(error) }, 'delivery could not be settled');
    }
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return false;
  }
}
