import type { Message } from '../../schemas/messages.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { unreachable } from '../core/unreachable.ts';
import type { Db } from '../store/database.ts';
import { inTransaction } from '../store/transaction.ts';
import type { Delivery, Settle, Settlement } from './broker.ts';
import { bury } from './dead-letters.ts';
import { addToOutbox } from './outbox.ts';
import type { Verdict } from './verdict.ts';

/** How failed work is tried again: the delay doubles from the first to the longest, and ends with the last attempt. */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/**
 * Turns a verdict into what becomes of the delivery. Pure: no broker, no clock, no chance.
 *
 * @param jitter from 0 to 1: how much of a quarter of the delay is added, so that failures of one moment spread out.
 */
export function settle(verdict: Verdict, attempt: number, policy: RetryPolicy, jitter = 0): Settlement {
  switch (verdict.kind) {
    case 'done':
      return { action: 'ack' };
    case 'later': // waiting is not failing: the attempt is not spent
      return { action: 'delay', delayMs: verdict.delayMs, attempt, reason: verdict.reason };
    case 'retry':
      return attempt < policy.maxAttempts
        ? { action: 'delay', delayMs: delayOf(attempt, policy, jitter), attempt: attempt + 1, reason: verdict.reason }
        : { action: 'bury', reason: `gave up after ${attempt} attempts: ${verdict.reason}` };
    case 'reject':
      return { action: 'bury', reason: verdict.reason };
    default:
      return unreachable(verdict);
  }
}

function delayOf(attempt: number, { firstDelayMs, maxDelayMs }: RetryPolicy, jitter: number): number {
  const delayMs = Math.min(maxDelayMs, firstDelayMs * 2 ** (attempt - 1));
  return Math.round(delayMs * (1 + jitter / 4));
}

export interface SettleDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  /** Notes a failed attempt that is followed by another, in the transaction that puts the message back. */
  readonly onFailed?: (tx: Db, delivery: Delivery, reason: string) => Promise<void>;
  /** Answers a message that is given up, in the transaction that buries it; called once per message. */
  readonly onBuried?: (tx: Db, message: Message, reason: string) => Promise<void>;
}

/**
 * Creates what carries a settlement out in the store: a delay is an outbox row with a later due time, burying a dead
 * letter. Both may happen again after a crash; a message that had its effect is not buried any more, nor the reverse.
 */
export function createSettle({ db, clock, log, onFailed, onBuried }: SettleDeps): Settle {
  async function postpone(delivery: Delivery, settlement: Settlement & { action: 'delay' }): Promise<void> {
    const now = clock();
    const dueAt = new Date(now.getTime() + settlement.delayMs);
    const { delayMs, reason, attempt } = settlement;
    await inTransaction(db, async (tx) => {
      await addToOutbox(tx, delivery.message, { now, dueAt, attempt });
      if (attempt > delivery.attempt) await onFailed?.(tx, delivery, reason); // waiting is not failing
    });
    log.info({ ...factsOf(delivery), delayMs, reason }, 'message waits');
  }

  async function give(delivery: Delivery, reason: string): Promise<void> {
    const buried = await inTransaction(db, async (tx) => {
      const first = await bury(tx, delivery, reason, clock());
      if (first) await onBuried?.(tx, delivery.message, reason);
      return first;
    });
    if (buried) log.error({ ...factsOf(delivery), reason }, 'message buried');
  }

  return async (delivery, settlement) => {
    switch (settlement.action) {
      case 'ack':
        return;
      case 'delay':
        return postpone(delivery, settlement);
      case 'bury':
        return give(delivery, settlement.reason);
      default:
        return unreachable(settlement);
    }
  };
}

/** The fields by which every log line names a delivery. */
export function factsOf({ queue, message, attempt }: Delivery) {
  return { queue, kind: message.kind, messageId: message.id, ticket: message.ticket, attempt };
}
