import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from 'better-sqlite3';
import { type Db, isSqlite } from './database.ts';
import { onceUnlocked } from './sqlite.ts';

const PAGES = 256; // a megabyte: a few milliseconds, for which this process does nothing else
const PAUSE_MS = 10;

/**
 * Gives the pages of an SQLite database that nothing uses any more back to the file system, a megabyte at a time with
 * pauses between. A database that was made by a release before this one keeps them for new rows instead, until somebody has run
 * `pragma auto_vacuum = incremental; vacuum;` on it once. PostgreSQL sees to its own space (autovacuum).
 *
 * @returns how many bytes were given back.
 */
export async function giveBackSpace(db: Db, signal?: AbortSignal): Promise<number> {
  if (!isSqlite(db)) return 0;
  let pages = 0;
  for (let step = await giveBackStep(db); step > 0 && !signal?.aborted; step = await giveBackStep(db)) {
    pages += step;
    await delay(PAUSE_MS);
  }
  return pages * (await pragma(db, 'page_size'));
}

async function giveBackStep(db: Db): Promise<number> {
  const before = await pragma(db, 'freelist_count');
  if (before === 0 || (await pragma(db, 'auto_vacuum')) !== INCREMENTAL) return 0;
  await onConnection(db, (connection) => connection.pragma(`incremental_vacuum(${PAGES})`));
  return before - (await pragma(db, 'freelist_count'));
}

const INCREMENTAL = 2;

const pragma = (db: Db, name: string): Promise<number> =>
  onConnection(db, (connection) => Number(connection.pragma(name, { simple: true })));

async function onConnection<T>(db: Db, run: (connection: Database) => T): Promise<T> {
  const connection: Database = await db.client.acquireConnection();
  try {
    return await onceUnlocked(() => run(connection));
  } finally {
    await db.client.releaseConnection(connection);
  }
}
