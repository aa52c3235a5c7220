import type { Message } from '../../schemas/messages.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { noTelemetry, type Telemetry } from '../core/telemetry.ts';
import { unreachable } from '../core/unreachable.ts';
import type { Db } from '../store/database.ts';
import { inTransaction } from '../store/transaction.ts';
import { type BreakerPolicy, countFailure, type Paused } from './breakers.ts';
import type { Delivery, Settle, Settlement } from './broker.ts';
import { bury } from './dead-letters.ts';
import { postpone as postponeInOutbox, senderOf } from './outbox.ts';
import type { Fault, Verdict } from './verdict.ts';

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
        ? { action: 'delay', delayMs: delayOf(attempt, policy, jitter), attempt: attempt + 1, ...faultOf(verdict) }
        : { action: 'bury', ...faultOf(verdict), reason: `gave up after ${attempt} attempts: ${verdict.reason}` };
    case 'reject':
      return { action: 'bury', ...faultOf(verdict) };
    default:
      return unreachable(verdict);
  }
}

const faultOf = ({ reason, code }: Fault): Fault => ({ reason, ...(code && { code }) });

function delayOf(attempt: number, { firstDelayMs, maxDelayMs }: RetryPolicy, jitter: number): number {
  const delayMs = Math.min(maxDelayMs, firstDelayMs * 2 ** (attempt - 1));
  return Math.round(delayMs * (1 + jitter / 4));
}

export interface SettleDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry?: Telemetry;
  /** When a sender whose work keeps failing is paused; never when absent. */
  readonly breaker?: BreakerPolicy;
  /** Notes a failed attempt that is followed by another, in the transaction that puts the message back. */
  readonly onFailed?: (tx: Db, delivery: Delivery, fault: Fault) => Promise<void>;
  /** Answers a message that is given up, in the transaction that buries it; called once per message. */
  readonly onBuried?: (tx: Db, message: Message, reason: string) => Promise<void>;
  /** Called after each settlement: a place has come free, and the effect may have put messages in the outbox. */
  readonly onSettled?: () => void;
}

/**
 * Creates what carries a settlement out in the store: a delay is an outbox row with a later due time, burying a dead
 * letter; both count against the sender's breaker when an attempt failed. Both may happen again after a crash; a
 * message that had its effect is not buried any more, nor the reverse.
 */
export function createSettle(deps: SettleDeps): Settle {
  const { db, clock, log, telemetry = noTelemetry, onFailed, onBuried, onSettled } = deps;
  let lastSuccess: Date | undefined;

  const count = ({ queue }: Delivery, outcome: string) => telemetry.count('bode_messages_total', { queue, outcome });

  async function blame(tx: Db, delivery: Delivery, reason: string, now: Date): Promise<Paused | undefined> {
    if (!deps.breaker) return undefined;
    const sender = await senderOf(tx, delivery);
    return countFailure(tx, { sender, reason, now, lastSuccess }, deps.breaker);
  }

  function tellPause({ sender, until, failures, first }: Paused): void {
    log.warn({ sender, until, failures }, first ? 'sender paused' : 'sender stays paused');
  }

  async function postpone(delivery: Delivery, settlement: Settlement & { action: 'delay' }): Promise<void> {
    const now = clock();
    const dueAt = new Date(now.getTime() + settlement.delayMs);
    const { delayMs, reason, attempt } = settlement;
    const failed = attempt > delivery.attempt; // waiting is not failing
    const paused = await inTransaction(db, async (tx) => {
      const pause = failed ? await blame(tx, delivery, reason, now) : undefined; // first: as an effect locks its rows
      await postponeInOutbox(tx, delivery, { now, dueAt, attempt });
      if (failed) await onFailed?.(tx, delivery, faultOf(settlement));
      return pause;
    });
    log.info({ ...factsOf(delivery), delayMs, reason }, 'message waits');
    if (paused) tellPause(paused);
    count(delivery, failed ? 'retried' : 'waiting');
    if (failed) telemetry.count('bode_retries_total', { queue: delivery.queue });
  }

  async function give(delivery: Delivery, fault: Fault): Promise<void> {
    const { reason } = fault;
    const now = clock();
    const { buried, paused } = await inTransaction(db, async (tx) => {
      const paused = await blame(tx, delivery, reason, now);
      const buried = await bury(tx, delivery, fault, now);
      if (buried) await onBuried?.(tx, delivery.message, reason);
      return { buried, paused };
    });
    if (buried) log.error({ ...factsOf(delivery), ...fault }, 'message buried');
    if (buried) count(delivery, 'buried');
    if (paused) tellPause(paused);
  }

  function carryOut(delivery: Delivery, settlement: Settlement): Promise<void> {
    switch (settlement.action) {
      case 'ack':
        lastSuccess = clock();
        count(delivery, 'done');
        return Promise.resolve();
      case 'delay':
        return postpone(delivery, settlement);
      case 'bury':
        return give(delivery, faultOf(settlement));
      default:
        return unreachable(settlement);
    }
  }

  return async (delivery, settlement) => {
    await carryOut(delivery, settlement);
    onSettled?.();
  };
}

/** The fields by which every log line names a delivery. */
export function factsOf({ queue, message, attempt }: Delivery) {
  return { queue, kind: message.kind, messageId: message.id, ticket: message.ticket, attempt };
}
