import type { Database } from 'better-sqlite3';
import type { Knex } from 'knex';
import { type Db, isSqlite } from './database.ts';
import { ask, send } from './postgres-statements.ts';
import { onceUnlocked, readerOf } from './sqlite.ts';

/** What may be bound to a statement. */
export type Binding = string | number | boolean | Buffer | null;

/** Values by column. */
export type Values = Readonly<Record<string, Binding>>;

// For the statements that every submission runs: the query builder costs ten times as much as SQLite itself does.
// Placeholders are question marks on both databases; tables and columns are never taken from outside.

/** Runs a statement, in the caller's transaction if `db` is one, and gives the rows that it returns. */
export async function rowsOf<T>(db: Db, sql: string, bindings: readonly Binding[] = []): Promise<T[]> {
  if (!isSqlite(db)) return (await ask<T>(db, sql, bindings)).rows;
  const read = (connection: Database) => connection.prepare(sql).all(...bindings.map(plain)) as T[];
  const reader = db.isTransaction || !sql.startsWith('select') ? undefined : readerOf(db.client);
  return reader ? onceUnlocked(() => read(reader)) : onConnection(db, read);
}

/** Runs a statement that returns no rows, in the caller's transaction if `db` is one, and gives how many it changed. */
export async function change(db: Db, sql: string, bindings: readonly Binding[] = []): Promise<number> {
  if (!isSqlite(db)) return (await ask(db, sql, bindings)).rowCount;
  return onConnection(db, (connection) => connection.prepare(sql).run(...bindings.map(plain)).changes);
}

/**
 * Runs a statement of which nobody needs to know what it changed. In a transaction on PostgreSQL its answer is not
 * waited for: if it fails, the next statement that is waited for does, and the commit.
 */
export async function write(db: Db, sql: string, bindings: readonly Binding[] = []): Promise<void> {
  if (!isSqlite(db) && db.isTransaction) await send(db as Knex.Transaction, sql, bindings);
  else await change(db, sql, bindings);
}

/** Lets the commit of the caller's transaction not wait for the disk: for what may be lost when the database crashes. */
export async function unsynced(tx: Db): Promise<void> {
  if (!isSqlite(tx)) await write(tx, 'set local synchronous_commit = off');
}

/** Inserts one row, as `write` does. */
export async function addRow(db: Db, table: string, row: Values): Promise<void> {
  await insertRows(db, table, [row]);
}

/** Inserts one row, and leaves alone what is there under the same key. Gives whether the row was added. */
export async function addRowOnce(db: Db, table: string, row: Values): Promise<boolean> {
  const columns = Object.keys(row);
  const sql = `insert into ${table} (${columns.join(', ')}) values (${placesFor(columns)}) on conflict do nothing`;
  return (await change(db, sql, Object.values(row))) === 1;
}

/** How a row that is there under the same key is treated when rows are inserted: its other columns get the new values. */
export interface Merge {
  readonly key: readonly string[];
}

/**
 * Inserts rows that have the same columns, in one statement; those that are there under the key of `merge` are changed,
 * with `orIgnore` what is there under any key is left alone. As `write` does.
 */
export async function insertRows(
  db: Db,
  table: string,
  rows: readonly Values[],
  merge?: Merge | 'orIgnore',
): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  if (columns.length === 0) return;
  const one = `(${placesFor(columns)})`;
  const into = `insert into ${table} (${columns.join(', ')}) values ${rows.map(() => one).join(', ')}`;
  await write(
    db,
    into + onConflict(columns, merge),
    rows.flatMap((row) => columns.map((column) => row[column] ?? null)),
  );
}

function onConflict(columns: readonly string[], merge: Merge | 'orIgnore' | undefined): string {
  if (merge === undefined) return '';
  if (merge === 'orIgnore') return ' on conflict do nothing';
  const changed = columns.filter((column) => !merge.key.includes(column));
  const values = changed.map((name) => `${name} = excluded.${name}`).join(', ');
  return ` on conflict (${merge.key.join(', ')}) do update set ${values}`;
}

/** The placeholders for a list of values, to stand between brackets. */
export const placesFor = (values: readonly unknown[]) => values.map(() => '?').join(', ');

/** The rows that have these values, in the order of the columns of `orderBy`. */
export function findRows<T>(db: Db, table: string, where: Values, orderBy?: string): Promise<T[]> {
  const conditions = Object.keys(where).map((column) => `${column} = ?`);
  const order = orderBy === undefined ? '' : ` order by ${orderBy}`;
  return rowsOf<T>(db, `select * from ${table} where ${conditions.join(' and ')}${order}`, Object.values(where));
}

/** The row that has these values, of those that a key tells apart; undefined when there is none. */
export async function findRow<T>(db: Db, table: string, where: Values): Promise<T | undefined> {
  return (await findRows<T>(db, table, where))[0];
}

const plain = (value: Binding) => (typeof value === 'boolean' ? Number(value) : value);

async function onConnection<T>(db: Db, run: (connection: Database) => T): Promise<T> {
  const connection: Database = await db.client.acquireConnection();
  try {
    return await onceUnlocked(() => run(connection));
  } finally {
    await db.client.releaseConnection(connection);
  }
}
