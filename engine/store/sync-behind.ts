import { type FileHandle, open } from 'node:fs/promises';
import type { Database } from 'better-sqlite3';
import type { Db } from './database.ts';
import { onceUnlocked } from './sqlite.ts';

/** Has the disk sync one file behind what was written to it. */
export interface Follower {
  /** Asks for a sync, which begins at once; what is asked for while one runs is one more after it. */
  follow(): void;
  /** Whether a sync has failed: whoever needs one has to ask for it himself from then on. */
  failed(): boolean;
  /** Resolves when nothing is under way, and the file is closed. */
  close(): Promise<void>;
}

interface FollowedClient {
  follower?: Follower;
  readonly connectionSettings?: { readonly filename?: string };
}

/**
 * Runs a change that commits by itself on SQLite without waiting for the disk, which is asked to sync at once. What it
 * wrote survives the death of the process from the first moment and that of the machine some milliseconds later; never
 * later than anything that is committed after it in the ordinary way, as the log is synced as a whole.
 */
export async function changeSyncedBehind<T>(db: Db, change: (connection: Database) => T): Promise<T> {
  const follower = followerOf(db.client);
  const connection: Database = await db.client.acquireConnection();
  try {
    const isFollowed = follower?.failed() === false;
    const changed = await onceUnlocked(() => (isFollowed ? unsynced(connection, change) : change(connection)));
    follower?.follow();
    return changed;
  } finally {
    await db.client.releaseConnection(connection);
  }
}

/** In one turn of the event loop: nothing else is committed meanwhile. */
function unsynced<T>(connection: Database, change: (connection: Database) => T): T {
  connection.pragma('synchronous = NORMAL');
  try {
    return change(connection);
  } finally {
    connection.pragma('synchronous = FULL');
  }
}

/** It belongs to the connection pool and is kept with it; a database in memory has none. */
function followerOf(client: FollowedClient): Follower | undefined {
  const { filename = ':memory:' } = client.connectionSettings ?? {};
  if (filename === ':memory:') return undefined;
  client.follower ??= createFollower(() => open(`${filename}-wal`, 'r+'));
  return client.follower;
}

/** Follows a file, which is opened when it is first asked for. A failure is told by `failed` only: the next commit that syncs meets it, too. */
export function createFollower(openFile: () => Promise<Pick<FileHandle, 'datasync' | 'close'>>): Follower {
  let file: Pick<FileHandle, 'datasync' | 'close'> | undefined;
  let running: Promise<void> | undefined;
  let asked = false;
  let failed = false;

  async function syncWhileAsked(): Promise<void> {
    try {
      file ??= await openFile();
      while (asked) {
        asked = false;
        await file.datasync();
      }
    } catch {
      failed = true;
    }
    running = undefined;
  }

  return {
    follow() {
      if (failed) return;
      asked = true;
      running ??= syncWhileAsked();
    },
    failed: () => failed,
    async close() {
      await running;
      await file?.close();
    },
  };
}
