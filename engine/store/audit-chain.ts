import { createHmac } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { EngineError } from '../core/errors.ts';
import { LOCK_SPACES } from './advisory-locks.ts';
import { audit } from './audit.ts';
import { GENESIS, type Head, type KeptHead, readHead, writeHead } from './audit-head.ts';
import { hashAt, lastLinked, type StoredLine, type UnlinkedLine, unlinked } from './audit-lines.ts';
import { type Db, isSqlite } from './database.ts';
import { inTransaction } from './transaction.ts';

export interface ChainDeps {
  readonly db: Db;
  readonly clock: Clock;
  /** The audit's key (`loadAuditKey`). */
  readonly key: Buffer;
  /** Where the head is kept (`auditHeadPath`). */
  readonly headPath: string;
}

/** What became of a call to link. */
export type Linking =
  | { readonly kind: 'linked'; readonly lines: number }
  /** Another process is at it. */
  | { readonly kind: 'busy' }
  /** The chain is not what was kept of it. Nothing is linked until an operator has looked: lines wait, none is lost. */
  | { readonly kind: 'broken'; readonly reason: string };

/** The hash of a line at a place, after the line with this hash. */
export function hashOf(previous: string, seq: number, line: StoredLine, key: Buffer): string {
  const { at, who, what, subject, outcome, facts } = line;
  const canonical = JSON.stringify([seq, at, who, what, subject, outcome, facts]);
  return createHmac('sha256', key).update(`line\n${previous}\n${canonical}`).digest('hex');
}

const BATCH = 500;

/**
 * Gives every committed line without one its place in the chain and its hash, then keeps the head outside the
 * database. Call it every second or so, from as many processes as there are: they take turns.
 */
export async function linkAudit(deps: ChainDeps, signal?: AbortSignal): Promise<Linking> {
  const { end: last, kept, conflict } = await lookAtEnd(deps.db, deps);
  if (conflict !== undefined) return linkBatch(deps, 0); // looks again, when no other linker is at work
  const upToDate = kept.kind === 'kept' && kept.head.seq === last.seq;
  if (upToDate && (await unlinked(deps.db, 1)).length === 0) return { kind: 'linked', lines: 0 };
  let lines = 0;
  for (;;) {
    const linking = await linkBatch(deps, BATCH);
    if (linking.kind !== 'linked') return linking;
    lines += linking.lines;
    if (linking.lines < BATCH || signal?.aborted) break;
  }
  const end = await linkBatch(deps, 0); // keeps the head of what has just been committed
  return end.kind === 'broken' ? end : { kind: 'linked', lines };
}

function linkBatch(deps: ChainDeps, limit: number): Promise<Linking> {
  return inTransaction(deps.db, async (tx): Promise<Linking> => {
    if (!(await lockChain(tx))) return { kind: 'busy' };
    const { end, kept, conflict } = await lookAtEnd(tx, deps);
    if (conflict !== undefined) return { kind: 'broken', reason: conflict };
    // under the lock, and only what others have committed: the head kept is never ahead of the chain, and never goes back
    if (kept.kind !== 'kept' || end.seq > kept.head.seq) await writeHead(deps.headPath, end, deps.clock(), deps.key);
    return { kind: 'linked', lines: limit === 0 ? 0 : await linkAfter(tx, end, await unlinked(tx, limit), deps.key) };
  });
}

/** One linker at a time; in SQLite a transaction is alone anyway. */
async function lockChain(tx: Db): Promise<boolean> {
  if (isSqlite(tx)) return true;
  const { rows } = await tx.raw('select pg_try_advisory_xact_lock(?, hashtext(current_schema())) as locked', [
    LOCK_SPACES.auditChain,
  ]);
  return rows[0]?.locked === true;
}

/** Why nothing can be linked until an operator has looked; undefined when all is well. Changes nothing: meant for alerts. */
export async function auditConflict(deps: Omit<ChainDeps, 'clock'>): Promise<string | undefined> {
  return (await lookAtEnd(deps.db, deps)).conflict;
}

async function lookAtEnd(tx: Db, { headPath, key }: Omit<ChainDeps, 'clock' | 'db'>) {
  const kept = await readHead(headPath, key); // before the end: it is never ahead of it
  const end = (await lastLinked(tx)) ?? GENESIS;
  return { end, kept, conflict: await conflictOf(tx, end, kept) };
}

/** Why the chain cannot be the one whose head was kept: linking on would wipe out the proof of it. */
async function conflictOf(tx: Db, end: Head, kept: KeptHead): Promise<string | undefined> {
  if (kept.kind === 'unusable') return 'the head that was kept was changed, or made with another key';
  if (kept.kind === 'missing') return end.seq === 0 ? undefined : 'the head that was kept is missing';
  const { head } = kept;
  if (end.seq < head.seq) return `lines after ${end.seq} are missing: the head that was kept is line ${head.seq}`;
  if (head.seq === 0 || (await hashAt(tx, head.seq)) === head.hash) return undefined;
  return `line ${head.seq} is not the one that was kept as head`;
}

async function linkAfter(tx: Db, end: Head, lines: readonly UnlinkedLine[], key: Buffer): Promise<number> {
  if (lines.length === 0) return 0;
  let { seq, hash } = end;
  const values: (number | string)[] = [];
  for (const line of lines) {
    seq += 1;
    hash = hashOf(hash, seq, line, key);
    values.push(line.id, seq, hash);
  }
  const row = '(cast(? as bigint), cast(? as bigint), cast(? as varchar))';
  // the plus keeps SQLite from looking through all lines without a place for each value
  await tx.raw(
    `update audit set seq = v.column2, hash = v.column3
     from (values ${lines.map(() => row).join(', ')}) as v
     where audit.id = v.column1 and +audit.seq is null`,
    values,
  );
  return lines.length;
}

/**
 * Takes the end of the chain as it stands in the database for the true one from here on, when an operator has explained
 * why it is not the one that was kept (a database restored from a backup). Who says so, and why, is a line of the audit
 * itself, committed first. What is wrong with the lines themselves stays found. Gives the end and what was in its way;
 * undefined, and nothing done, when nothing was.
 */
export async function acceptEnd(
  deps: ChainDeps,
  { who, reason }: { readonly who: string; readonly reason: string },
): Promise<{ readonly end: Head; readonly conflict: string } | undefined> {
  const { db, clock } = deps;
  const found = await inTransaction(db, async (tx) => {
    const { end, conflict } = await lookAtEnd(tx, deps);
    if (conflict === undefined) return undefined;
    const facts = { reason, conflict, ...end };
    await audit(tx, {
      at: clock(),
      who,
      what: 'audit end accepted',
      subject: `line ${end.seq}`,
      outcome: 'accepted',
      facts,
    });
    return { end, conflict };
  });
  if (found) await inTransaction(db, (tx) => keepEnd(tx, deps));
  return found;
}

async function keepEnd(tx: Db, deps: ChainDeps): Promise<void> {
  if (!(await lockChain(tx))) throw new EngineError('store_unavailable', 'the audit is being linked: try again');
  const { end, conflict } = await lookAtEnd(tx, deps);
  if (conflict !== undefined) await writeHead(deps.headPath, end, deps.clock(), deps.key);
}
