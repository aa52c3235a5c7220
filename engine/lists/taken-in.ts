import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../core/logger.ts';
import type { Db } from '../store/database.ts';
import { rowsOf } from '../store/sql.ts';

const LOOK_EVERY_MS = 2_000;
const MOST_LOOKS = 300; // ten minutes: what is stuck then is a dead letter, or soon will be
const LOOK_BACK_MS = 2 * 86_400_000;

/** Whose records are waited for. */
export interface Wanted {
  readonly goal: string;
  /** What was received before this instant. */
  readonly before: Date;
}

/**
 * Waits until what was received for a goal in the last two days before an instant has been judged and its records are there,
 * so that a crash or a large file does not move it into the next list; ten minutes at most. Rejects when `signal` aborts.
 */
export async function untilTakenIn(
  db: Db,
  wanted: Wanted,
  {
    log,
    signal,
    everyMs = LOOK_EVERY_MS,
  }: { readonly log: Logger; readonly signal: AbortSignal; readonly everyMs?: number | undefined },
): Promise<void> {
  for (let look = 1; await isUnderWay(db, wanted); look += 1) {
    if (look === 1) log.info({ ...wanted }, 'list waits for what was received before its time');
    if (look === MOST_LOOKS) return log.warn({ ...wanted }, 'list made without what is still not taken in');
    await delay(everyMs, undefined, { signal });
  }
}

async function isUnderWay(db: Db, { goal, before }: Wanted): Promise<boolean> {
  const from = new Date(before.getTime() - LOOK_BACK_MS).toISOString();
  const received = "s.goal = ? and s.environment = 'R' and s.received_at >= ? and s.received_at < ?";
  const bindings = [goal, from, before.toISOString()];
  const undecided = `select 1 from submissions s where s.state = 'received' and ${received} limit 1`;
  if ((await rowsOf(db, undecided, bindings)).length > 0) return true;
  const waiting = `select 1 from outbox o join submissions s on s.ticket = substr(o.message_id, 1, 13)
    where o.queue = 'records' and ${received} limit 1`;
  return (await rowsOf(db, waiting, bindings)).length > 0;
}
