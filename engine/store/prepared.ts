import type { Database, Statement } from 'better-sqlite3';
import { type Db, isSqlite } from './database.ts';

/** What may be bound to a statement. */
export type Binding = string | number | Buffer | null;

/** Runs the statement with these bindings and gives the rows that it returns. */
export type Prepared<T> = (bindings: readonly Binding[]) => Promise<T[]>;

/** Runs the statement with these bindings and gives how many rows it changed. */
export type PreparedChange = (bindings: readonly Binding[]) => Promise<number>;

/**
 * A statement that reads, for the few that are run thousands of times: with SQLite it is prepared once and run
 * without the query builder, which costs more than the statement itself.
 */
export function prepare<T>(db: Db, sql: string): Prepared<T> {
  if (!isSqlite(db)) return async (bindings) => (await db.raw(sql, [...bindings])).rows;
  return onSqlite(db, sql, (statement, bindings) => statement.all(...bindings) as T[]);
}

/**
 * The same for a statement that writes. Autocommitted: durable when it resolves. It must return no rows: SQLite cannot
 * begin its write-ahead log anew while the statement that commits is still being read, so the log would grow for ever.
 */
export function prepareChange(db: Db, sql: string): PreparedChange {
  if (!isSqlite(db)) return async (bindings) => (await db.raw(sql, [...bindings])).rowCount;
  return onSqlite(db, sql, (statement, bindings) => statement.run(...bindings).changes);
}

function onSqlite<T>(db: Db, sql: string, execute: (statement: Statement, bindings: readonly Binding[]) => T) {
  const statements = new WeakMap<Database, Statement>();

  function statementOf(connection: Database): Statement {
    const known = statements.get(connection);
    if (known) return known;
    const statement = connection.prepare(sql);
    statements.set(connection, statement);
    return statement;
  }

  return async (bindings: readonly Binding[]): Promise<T> => {
    const connection: Database = await db.client.acquireConnection();
    try {
      return execute(statementOf(connection), bindings);
    } finally {
      await db.client.releaseConnection(connection);
    }
  };
}
