import type { Database, Statement } from 'better-sqlite3';
import { type Db, isSqlite } from './database.ts';

/** What may be bound to a statement. */
export type Binding = string | number | Buffer | null;

/** Runs the statement with these bindings and gives the rows that it returns. */
export type Prepared<T> = (bindings: readonly Binding[]) => Promise<T[]>;

/**
 * A statement that returns rows, for the few that are run thousands of times: with SQLite it is prepared once and run
 * without the query builder, which costs more than the insert itself. Autocommitted: durable when it resolves.
 */
export function prepare<T>(db: Db, sql: string): Prepared<T> {
  return isSqlite(db) ? prepareSqlite<T>(db, sql) : async (bindings) => (await db.raw(sql, [...bindings])).rows;
}

function prepareSqlite<T>(db: Db, sql: string): Prepared<T> {
  const statements = new WeakMap<Database, Statement>();

  function statementOf(connection: Database): Statement {
    const known = statements.get(connection);
    if (known) return known;
    const statement = connection.prepare(sql);
    statements.set(connection, statement);
    return statement;
  }

  return async (bindings) => {
    const connection: Database = await db.client.acquireConnection();
    try {
      return statementOf(connection).all(...bindings) as T[];
    } finally {
      await db.client.releaseConnection(connection);
    }
  };
}
