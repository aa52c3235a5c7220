import type { Db } from './database.ts';

/** Runs `work` in one transaction; commits if `keep` approves of the result, rolls back otherwise. */
export async function inTransaction<T>(
  db: Db,
  work: (tx: Db) => Promise<T>,
  keep: (result: T) => boolean = () => true,
): Promise<T> {
  const tx = await db.transaction();
  try {
    const result = await work(tx);
    await (keep(result) ? tx.commit() : tx.rollback());
    return result;
  } catch (error) {
    if (!tx.isCompleted()) await tx.rollback();
    throw error;
  }
}
