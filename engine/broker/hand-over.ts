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
  /** No further try is made when they have failed for so long, in ms. Never when absent. */
  readonly giveUpAfterMs?: number;
}

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;

/**
 * Has a delivery handled and its settlement carried out, again and again until both succeeded; the pause between two
 * tries grows from 0.1 s to 10 s. Resolves with false when it was stopped, or gave up, before: the delivery is not
 * settled.
 */
export async function handOver(delivery: Delivery, options: HandOver): Promise<boolean> {
  const { handle, settle, log, signal, giveUpAfterMs = Number.POSITIVE_INFINITY } = options;
  let failing: number | undefined;
  for (let failures = 0; ; failures += 1) {
    try {
      await settle(delivery, await handle(delivery));
      return true;
    } catch (error) {
      const { queue, message } = delivery;
      const { id: messageId, ticket } = message;
      log.error({ queue, messageId, ticket, reason: messageOf(error) }, 'delivery could not be settled');
    }
    failing ??= performance.now();
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted || performance.now() - failing > giveUpAfterMs) return false;
  }
}
