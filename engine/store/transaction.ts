import type { Knex } from 'knex';
import { type Db, isSqlite } from './database.ts';
import { inGroup, type Keep, type Work } from './group-commit.ts';
import { allAnswered, failureSent } from './postgres-statements.ts';

/**
 * Runs `work` in one transaction; commits if `keep` approves of the result, rolls back otherwise. Resolves only when
 * the commit is certain. On SQLite works that come at the same time share one commit. A rejection does not say that nothing was committed: when the connection is cut during the
 * commit nobody knows, so the caller must be right both ways when it does the same again.
 */
export async function inTransaction<T>(db: Db, work: Work<T>, keep: Keep<T> = () => true): Promise<T> {
  if (isSqlite(db) && !db.isTransaction) return inGroup(db, { begin, commit }, work, keep);
  const tx = await begin(db);
  try {
    const result = await work(tx);
    if (db.isTransaction) {
      await allAnswered(tx); // a savepoint whose release fails is not rolled back
      throwSent(tx);
    }
    if (keep(result)) await commit(tx);
    else await rollback(tx); // nobody relies on it: a connection that is lost has rolled back too
    return result;
  } catch (error) {
    // a lost connection cannot roll back, and need not: the first error is the one that tells
    if (!tx.isCompleted()) await rollback(tx).catch(() => undefined);
    throwSent(tx);
    throw error;
  }
}

/** Rolls back once all that was sent has been answered: knex waits 5 s for it, and a lock may take longer. */
async function rollback(tx: Knex.Transaction): Promise<void> {
  await allAnswered(tx);
  await tx.rollback();
}

/** Throws what failed of the statements that nobody waited for, now that they are answered. */
function throwSent(tx: Db): void {
  const failed = failureSent(tx);
  if (failed) throw failed.error;
}

/** Commits; rejects unless the database has said that it did. */
async function commit(tx: Knex.Transaction): Promise<void> {
  const answer: unknown = await tx.commit();
  throwSent(tx);
  await tx.executionPromise; // where knex tells that the commit failed; `commit` itself resolves all the same
  // PostgreSQL answers so, without an error, when a statement of the transaction had failed
  if (commandOf(answer) === 'ROLLBACK') throw new Error('the database rolled the transaction back');
}

function commandOf(answer: unknown): string | undefined {
  return (answer as { readonly response?: { readonly command?: string } } | undefined)?.response?.command;
}

/** Begins a transaction; rejects when that fails. */
async function begin(db: Db): Promise<Knex.Transaction> {
  const tx = await db.transaction();
  if (tx.isCompleted()) await tx.executionPromise; // knex hands out a transaction whose BEGIN failed: here is why
  return tx;
}
