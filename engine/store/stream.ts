import { setImmediate as turn } from 'node:timers/promises';
import type { Knex } from 'knex';
import { type Db, isSqlite } from './database.ts';
import { unhurried } from './postgres.ts';
import { type Binding, rowsOf } from './sql.ts';
import { onceUnlocked, openOwnReader } from './sqlite.ts';

const PER_BATCH = 2_000;

/**
 * The rows of a query that reads, in batches of at most `perBatch`: memory does not grow with their number. It sees the
 * database as it was when the first batch was asked for, and holds a connection of its own until the last, or until the
 * caller leaves the loop. On PostgreSQL the first may take as long as it takes, as that is when rows are sorted, and the time
 * between two must stay under the limit of an idle transaction.
 */
export async function* streamRows<T>(
  db: Db,
  sql: string,
  bindings: readonly Binding[],
  perBatch = PER_BATCH,
): AsyncGenerator<T[]> {
  if (isSqlite(db)) yield* fromSqlite<T>(db, sql, bindings, perBatch);
  else yield* fromPostgres<T>(db, sql, bindings, perBatch);
}

async function* fromPostgres<T>(db: Db, sql: string, bindings: readonly Binding[], perBatch: number) {
  const tx: Knex.Transaction = await db.transaction();
  const fetchSome = async (): Promise<T[]> => (await tx.raw(`fetch ${perBatch} from streamed`)).rows;
  try {
    let rows = await unhurried(tx, async () => {
      await tx.raw('set local jit = off'); // to compile what only reads and sorts takes longer than it saves
      await tx.raw(`declare streamed no scroll cursor for ${sql}`, [...bindings]);
      return fetchSome(); // what is sorted is sorted now
    });
    for (;;) {
      if (rows.length > 0) yield rows;
      if (rows.length < perBatch) return;
      rows = await fetchSome();
    }
  } finally {
    await tx.rollback().catch(() => undefined); // it wrote nothing
  }
}

async function* fromSqlite<T>(db: Db, sql: string, bindings: readonly Binding[], perBatch: number) {
  const reader = openOwnReader(db.client);
  if (!reader) {
    const rows = await rowsOf<T>(db, sql, bindings); // in memory they are anyway
    for (let from = 0; from < rows.length; from += perBatch) yield rows.slice(from, from + perBatch);
    return;
  }
  const rows = await onceUnlocked(() => reader.prepare(sql).iterate(...bindings) as IterableIterator<T>);
  try {
    for (let batch = take(rows, perBatch); batch.length > 0; batch = take(rows, perBatch)) {
      yield batch;
      await turn();
    }
  } finally {
    rows.return?.(); // a connection that is left in the middle of a query cannot be closed
    reader.close();
  }
}

function take<T>(rows: Iterator<T>, most: number): T[] {
  const batch: T[] = [];
  while (batch.length < most) {
    const { value, done } = rows.next();
    if (done) break;
    batch.push(value);
  }
  return batch;
}
