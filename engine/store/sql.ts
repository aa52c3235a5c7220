import type { Database } from 'better-sqlite3';
import { type Db, isSqlite } from './database.ts';
import { onceUnlocked } from './sqlite.ts';

/** What may be bound to a statement. */
export type Binding = string | number | boolean | Buffer | null;

/** Values by column. */
export type Values = Readonly<Record<string, Binding>>;

// For the statements that every submission runs: the query builder costs ten times as much as SQLite itself does.
// Placeholders are question marks on both databases; tables and columns are never taken from outside.

/** Runs a statement, in the caller's transaction if `db` is one, and gives the rows that it returns. */
export async function rowsOf<T>(db: Db, sql: string, bindings: readonly Binding[] = []): Promise<T[]> {
  if (!isSqlite(db)) return (await db.raw(sql, [...bindings])).rows;
  return onConnection(db, (connection) => connection.prepare(sql).all(...bindings.map(plain)) as T[]);
}

/** Runs a statement that returns no rows, in the caller's transaction if `db` is one, and gives how many it changed. */
export async function change(db: Db, sql: string, bindings: readonly Binding[] = []): Promise<number> {
  if (!isSqlite(db)) return (await db.raw(sql, [...bindings])).rowCount;
  return onConnection(db, (connection) => connection.prepare(sql).run(...bindings.map(plain)).changes);
}

/** Inserts one row; `orIgnore` leaves alone what is there under the same key. Gives whether the row was added. */
export async function insertRow(db: Db, table: string, row: Values, when: 'always' | 'orIgnore' = 'always') {
  const columns = Object.keys(row);
  const places = columns.map(() => '?').join(', ');
  const conflict = when === 'orIgnore' ? ' on conflict do nothing' : '';
  const sql = `insert into ${table} (${columns.join(', ')}) values (${places})${conflict}`;
  return (await change(db, sql, Object.values(row))) === 1;
}

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
