import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
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
  create(): Promise<NewFile>;
  pathOf(name: string): string;
  /** Makes the directory entry of a synced file survive a power cut. */
  syncEntry(name: string): Promise<void>;
  /** Removes a file; one that is gone already is no error. */
  remove(name: string): Promise<void>;
  /** Size in bytes, or undefined when the file is not there. */
  sizeOf(name: string): Promise<number | undefined>;
  /** Names of the files last changed before `horizon`. */
  olderThan(horizon: Date): Promise<string[]>;
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

  async function create(): Promise<NewFile> {
    const id = randomBytes(16).toString('hex');
    const name = `${id.slice(0, 2)}/${id.slice(2)}`;
    const path = pathOf(name);
    const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    if (made) await syncDirectory(dir);
    return { name, handle: await open(path, 'wx+', 0o600) };
  }

  async function olderThan(horizon: Date): Promise<string[]> {
    const shards = await readdir(dir).catch(emptyWhenMissing);
    const old: string[] = [];
    for (const shard of shards) {
      const names = await readdir(join(dir, shard)).catch(emptyWhenMissing);
      for (const name of names.map((rest) => `${shard}/${rest}`).filter((name) => NAME.test(name))) {
        const { mtime } = await stat(pathOf(name));
        if (mtime < horizon) old.push(name);
      }
    }
    return old;
  }

  return {
    create,
    pathOf,
    olderThan,
    freeBytes: createFreeBytes({ dir }),
    syncEntry: (name) => syncDirectory(dirname(pathOf(name))),
    remove: (name) => unlink(pathOf(name)).catch(ignoreMissing),
    sizeOf: async (name) => (await stat(pathOf(name)).catch(ignoreMissing))?.size,
  };
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

function emptyWhenMissing(error: unknown): string[] {
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
  return [];
}
