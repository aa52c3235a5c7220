import { type Db, isSqlite } from './database.ts';
import { rowsOf, write } from './sql.ts';

/** PostgreSQL's advisory locks with one number. Two purposes under one number would wait for each other without a reason. */
export const LOCKS = {
  /** Those who bring one database up to date queue up on it. */
  migration: 190_815,
  /** Whoever adds records shares it, and whoever draws a line under them has it alone. */
  records: 190_816,
  /** Whoever removes expired messages shares it, and whoever adds a hold has it alone. */
  removal: 190_817,
} as const;

/** First numbers of advisory locks with two: the second is a hash of what they are about. */
export const LOCK_SPACES = {
  /** With the schema: those who link the audit chain. */
  auditChain: 190_816,
  /** With the schema and the queue: those who claim from the outbox. */
  claims: 190_817,
  /** With the schema and the organisation: those who add a webhook. */
  webhooks: 190_818,
} as const;

/** Takes a lock that others may share, until the transaction ends. SQLite has one writer, and needs none. */
export async function lockShared(tx: Db, lock: keyof typeof LOCKS): Promise<void> {
  if (!isSqlite(tx)) await write(tx, 'select pg_advisory_xact_lock_shared(?)', [LOCKS[lock]]);
}

/** Takes a lock alone, until the transaction ends. SQLite has one writer, and needs none. */
export async function lockAlone(tx: Db, lock: keyof typeof LOCKS): Promise<void> {
  if (!isSqlite(tx)) await write(tx, 'select pg_advisory_xact_lock(?)', [LOCKS[lock]]);
}

/** Lets one transaction at a time go on with what is named, in this schema. SQLite has one writer, and needs none. */
export async function inTurn(tx: Db, space: keyof typeof LOCK_SPACES, what: string): Promise<void> {
  if (isSqlite(tx)) return;
  const sql = 'select pg_advisory_xact_lock(?, hashtext(current_schema() || ?))';
  await write(tx, sql, [LOCK_SPACES[space], what]);
}

/** As `inTurn`, but does not wait: false when somebody else has the turn. SQLite has one writer, whose turn it always is. */
export async function isTurnOf(tx: Db, space: keyof typeof LOCK_SPACES, what: string): Promise<boolean> {
  if (isSqlite(tx)) return true;
  const sql = 'select pg_try_advisory_xact_lock(?, hashtext(current_schema() || ?)) as ours';
  const [row] = await rowsOf<{ ours: boolean }>(tx, sql, [LOCK_SPACES[space], what]);
  return row?.ours === true;
}
