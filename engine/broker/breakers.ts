import { audit } from '../store/audit.ts';
import { type Db, isSqlite } from '../store/database.ts';
import { rowsOf } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';

/** When a sender whose work keeps failing is paused, and for how long. */
export interface BreakerPolicy {
  /** Failed attempts in a row that open it. */
  readonly failures: number;
  /** The first pause; doubled with every trial that fails. */
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
}

/** What is kept of a sender whose work failed; `resumed` until that has been announced. */
export interface Breaker {
  /** In a row. */
  readonly failures: number;
  readonly state: 'closed' | 'open' | 'resumed';
  /** How often it was paused in a row. */
  readonly trips: number;
  /** Open: nothing of the sender is taken in hand before; after it one message at a time, until one has its effect. */
  readonly until: Date | null;
}

const NEW: Breaker = { failures: 0, state: 'closed', trips: 0, until: null };

/**
 * The breaker after one more failure. Pure. While a cause that is `shared` with others lasts it counts and does not
 * open: pausing everybody would only delay the recovery.
 */
export function afterFailure(before: Breaker, now: Date, policy: BreakerPolicy, shared: boolean): Breaker {
  const counted = { ...before, failures: before.failures + 1 };
  const { state, until, trips, failures } = counted;
  if (state === 'open' && until !== null && until > now) return counted; // it was in hand before the pause
  if (shared || (state !== 'open' && failures < policy.failures)) return counted;
  const pauseMs = Math.min(policy.maxPauseMs, policy.firstPauseMs * 2 ** trips);
  return { failures, state: 'open', trips: trips + 1, until: new Date(now.getTime() + pauseMs) };
}

export interface Failure {
  readonly sender: string;
  readonly reason: string;
  readonly now: Date;
  /** When this process last saw a message have its effect. */
  readonly lastSuccess: Date | undefined;
}

/** What a failure led to, for the log: `paused` at first, `stays paused` when a trial failed. */
export interface Paused {
  readonly sender: string;
  readonly until: Date;
  readonly failures: number;
  readonly first: boolean;
}

/** Counts a failed attempt in the transaction that settles it; tells when the sender is paused by it. */
export async function countFailure(tx: Db, failure: Failure, policy: BreakerPolicy): Promise<Paused | undefined> {
  const { sender, reason, now } = failure;
  if (sender === '') return undefined;
  const before = await lockBreaker(tx, sender, now);
  const after = afterFailure(before, now, policy, await isShared(tx, failure));
  const opened = after.until !== null && after.trips > before.trips;
  const at = now.toISOString();
  await tx('breakers')
    .where({ sender })
    .update({
      ...after,
      until: after.until?.toISOString() ?? null,
      reason: reason.slice(0, REASON_CHARS),
      failed_at: at,
      ...(opened && { changed_at: at }),
    });
  if (!opened || after.until === null) return undefined;
  const first = before.trips === 0;
  if (first) await auditPause(tx, sender, now, after.until, after.failures);
  return { sender, until: after.until, failures: after.failures, first };
}

const REASON_CHARS = 500;
const SHARED_SENDERS = 3; // failing at once
const SHARED_WITHIN_MS = 60_000;
const SUCCESS_WITHIN_MS = 10_000;

async function lockBreaker(tx: Db, sender: string, now: Date): Promise<Breaker> {
  const at = now.toISOString();
  const fresh = { ...NEW, sender, reason: '', failed_at: at, changed_at: at };
  await tx('breakers').insert(fresh).onConflict('sender').ignore();
  const query = tx('breakers').select('failures', 'state', 'trips', 'until').where({ sender });
  const row = await (isSqlite(tx) ? query : query.forUpdate()).first();
  return row ? { ...row, until: row.until === null ? null : new Date(row.until) } : NEW;
}

/** Several senders fail at once and nothing succeeds: a disk, a share or a schema is away, and no sender is to blame. */
async function isShared(tx: Db, { sender, now, lastSuccess }: Failure): Promise<boolean> {
  if (lastSuccess && now.getTime() - lastSuccess.getTime() < SUCCESS_WITHIN_MS) return false;
  const since = new Date(now.getTime() - SHARED_WITHIN_MS).toISOString();
  const others = await tx('breakers')
    .select('sender')
    .where('failures', '>', 0)
    .andWhere('failed_at', '>', since)
    .andWhereNot({ sender })
    .limit(SHARED_SENDERS - 1);
  return others.length === SHARED_SENDERS - 1;
}

async function auditPause(tx: Db, sender: string, now: Date, until: Date, failures: number): Promise<void> {
  const facts = { failures, until: until.toISOString() };
  await audit(tx, { at: now, who: 'engine', what: 'sender paused', subject: sender, outcome: 'paused', facts });
}

/** The open breakers: of whom nothing is taken in hand before when, and one message at a time from then on. */
export async function openBreakers(db: Db): Promise<Map<string, Date>> {
  const select = "select sender, until from breakers where state = 'open'";
  const rows = await rowsOf<{ sender: string; until: string }>(db, select);
  return new Map(rows.map(({ sender, until }) => [sender, new Date(until)]));
}

/** Forgets the breakers of senders whose work succeeds again, and tells who of them had been paused; each is told to one caller. */
export async function resumeHealed(db: Db, now: Date): Promise<string[]> {
  const healed = db('breakers').select('sender').where({ failures: 0 }).orWhere({ state: 'resumed' });
  if (!(await healed.first())) return [];
  return inTransaction(db, async (tx) => {
    const told = tx('breakers').where({ state: 'resumed' }).update({ state: 'closed', changed_at: now.toISOString() });
    const resumed: { sender: string }[] = await told.returning('sender');
    await tx('breakers').where({ failures: 0 }).delete();
    for (const { sender } of resumed) await auditResume(tx, sender, now, 'engine', {});
    return resumed.map(({ sender }) => sender);
  });
}

/** Ends a pause at an operator's wish; false when the sender was not paused. */
export async function resumeSender(
  db: Db,
  sender: string,
  { by, reason, now }: { readonly by: string; readonly reason: string; readonly now: Date },
): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    const ended = await tx('breakers').where({ sender, state: 'open' }).delete();
    if (ended > 0) await auditResume(tx, sender, now, by, { reason });
    return ended > 0;
  });
}

async function auditResume(tx: Db, sender: string, now: Date, who: string, facts: object): Promise<void> {
  await audit(tx, { at: now, who, what: 'sender resumed', subject: sender, outcome: 'resumed', facts: { ...facts } });
}
