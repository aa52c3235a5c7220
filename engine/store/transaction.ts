import { setTimeout as delay } from 'node:timers/promises';
import type { Knex } from 'knex';
import type { Db } from './database.ts';

const BEGIN_WITHIN_MS = 30_000;
const BEGIN_PAUSE_MS = 20;

/** Runs `work` in one transaction; commits if `keep` approves of the result, rolls back otherwise. */
export async function inTransaction<T>(
  db: Db,
  work: (tx: Db) => Promise<T>,
  keep: (result: T) => boolean = () => true,
): Promise<T> {
  const tx = await begin(db);
  try {
    const result = await work(tx);
    await (keep(result) ? tx.commit() : tx.rollback());
    return result;
  } catch (error) {
    // a lost connection cannot roll back, and need not: the first error is the one that tells
    if (!tx.isCompleted()) await tx.rollback().catch(() => undefined);
    throw error;
  }
}

/** Begins a transaction; waits for another process that holds SQLite's only write lock. */
async function begin(db: Db): Promise<Knex.Transaction> {
  const giveUpAt = performance.now() + BEGIN_WITHIN_MS;
  for (;;) {
    const tx = await db.transaction();
    if (!tx.isCompleted()) return tx;
    // knex hands out a transaction whose BEGIN failed; the reason is in its promise
    const error: unknown = await tx.executionPromise.catch((thrown: unknown) => thrown);
    if (!isBusy(error) || performance.now() > giveUpAt) throw error;
    await delay(BEGIN_PAUSE_MS);
  }
}

const isBusy = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY';
