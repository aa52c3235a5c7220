import { randomBytes } from 'node:crypto';
import { statSync, unlinkSync } from 'node:fs';
import { type FileHandle, mkdir, open, opendir, stat, unlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createFreeBytes, type FreeBytes } from './free-space.ts';

/** A new file of the blob directory, open for reading and writing. */
export interface NewFile {
  /** The name to keep in a row: two characters, a slash, and the rest; always generated, never from outside. */
  readonly name: string;
  readonly handle: FileHandle;
}

/** The directory that holds content too large for a row. A file without a row that names it is left over and may go. */
export interface BlobFiles {
  /** Makes a file; in the given part of the directory, so that files share the sync of their entries. */
  create(shard?: string): Promise<NewFile>;
  /** A part of the directory, by chance. */
  shard(): string;
  pathOf(name: string): string;
  /** Makes the directory entry of a synced file survive a power cut. */
  syncEntry(name: string): Promise<void>;
  /** Removes a file; one that is gone already is no error. */
  remove(name: string): Promise<void>;
  /** Size in bytes, or undefined when the file is not there. */
  sizeOf(name: string): Promise<number | undefined>;
  /** Names of the files last changed before `horizon`, one at a time. */
  olderThan(horizon: Date): AsyncIterable<string>;
  /** Removes a file unless it was changed, or touched, since `horizon`; false when it was, or is gone. */
  removeIfOlder(name: string, horizon: Date): boolean;
  /** Makes a file count as changed now; false when it is not there. */
  touch(name: string): Promise<boolean>;
  /** Free space on the file system of the directory. */
  readonly freeBytes: FreeBytes;
}

const NAME = /^[0-9a-f]{2}\/[0-9a-f]{30}$/;

/** Opens the blob directory; it is made when the first file is. */
export function createBlobFiles(dir: string): BlobFiles {
  const pathOf = (name: string) => {
    if (!NAME.test(name)) throw new Error('not a name of the blob directory');
    return join(dir, name);
  };

  const shardsSynced = new Set<string>();

  const shard = () => randomBytes(1).toString('hex');

  async function create(within = shard()): Promise<NewFile> {
    const name = `${within}/${randomBytes(15).toString('hex')}`;
    const path = pathOf(name);
    return { name, handle: await openNew(path).catch((error) => openInNew(path, error)) };
  }

  async function openInNew(path: string, error: unknown) {
    ignoreMissing(error);
    const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    if (made !== undefined) await syncAbove(dir, made);
    return openNew(path);
  }

  // the shard may have been made by another process that has not synced its entry yet
  async function syncEntry(name: string): Promise<void> {
    const part = dirname(pathOf(name));
    await syncDirectory(part);
    if (shardsSynced.has(part)) return;
    await syncDirectory(dir);
    shardsSynced.add(part);
  }

  async function* olderThan(horizon: Date): AsyncGenerator<string> {
    for await (const shard of entriesOf(dir)) {
      for await (const rest of entriesOf(join(dir, shard))) {
        const name = `${shard}/${rest}`;
        const changed = NAME.test(name) ? (await stat(pathOf(name)).catch(ignoreMissing))?.mtime : undefined;
        if (changed !== undefined && changed < horizon) yield name;
      }
    }
  }

  // in one turn: between the look and the removal nobody in this process can touch it
  function removeIfOlder(name: string, horizon: Date): boolean {
    const path = pathOf(name);
    const changed = statSync(path, { throwIfNoEntry: false })?.mtime;
    if (changed === undefined || changed >= horizon) return false;
    try {
      unlinkSync(path);
      return true;
    } catch (error) {
      return missing(error);
    }
  }

  async function touch(name: string): Promise<boolean> {
    const now = new Date();
    return (await utimes(pathOf(name), now, now).catch(missing)) !== false;
  }

  return {
    create,
    shard,
    pathOf,
    olderThan,
    removeIfOlder,
    touch,
    freeBytes: createFreeBytes({ dir }),
    syncEntry,
    remove: (name) => unlink(pathOf(name)).catch(ignoreMissing),
    sizeOf: async (name) => (await stat(pathOf(name)).catch(ignoreMissing))?.size,
  };
}

const openNew = (path: string) => open(path, 'wx+', 0o600);

/** Makes the entries of the directories from `made` down to `dir` survive a power cut. */
async function syncAbove(dir: string, made: string): Promise<void> {
  for (let below = dir; below.length >= made.length; below = dirname(below)) await syncDirectory(dirname(below));
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return undefined;
}

function missing(error: unknown): false {
  ignoreMissing(error);
  return false;
}

/** Names in a directory, a few in memory at a time; none when it is not there or is none. */
async function* entriesOf(path: string): AsyncGenerator<string> {
  const entries = await opendir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
    return [];
  });
  for await (const { name } of entries) yield name;
}
