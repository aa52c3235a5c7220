import { type Db, isSqlite } from './database.ts';
import { type Binding, change, rowsOf } from './sql.ts';
import { inTransaction } from './transaction.ts';

/** Runs the statement with these bindings and gives the rows that it returns. */
export type Prepared<T> = (bindings: readonly Binding[]) => Promise<T[]>;

/** Runs the statement with these bindings and gives how many rows it changed. */
export type PreparedChange = (bindings: readonly Binding[]) => Promise<number>;

/**
 * A statement that reads, for the few that are run thousands of times: with SQLite it is prepared once and run
 * without the query builder, which costs more than the statement itself.
 */
export function prepare<T>(db: Db, sql: string): Prepared<T> {
  return (bindings) => rowsOf<T>(db, sql, bindings);
}

/** The same for a statement that writes and returns no rows: durable when it resolves, on SQLite with others' commits. */
export function prepareChange(db: Db, sql: string): PreparedChange {
  if (!isSqlite(db)) return (bindings) => change(db, sql, bindings);
  return (bindings) => inTransaction(db, (tx) => change(tx, sql, bindings));
}
