import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Logger } from '../../../engine/core/logger.ts';
import { createFolders, type FoldersOf } from '../../../engine/landing/create-folders.ts';
import { createBlobStore } from '../../../engine/store/blobs.ts';
import { type Db, openStore } from '../../../engine/store/database.ts';
import { migrate } from '../../../engine/store/migrate.ts';

/** The real folders over a store in memory. */
export interface FuzzLanding {
  /** Removed by `close`. */
  readonly dir: string;
  readonly db: Db;
  readonly foldersOf: FoldersOf;
  readonly clock: () => Date;
  /** Its errors are faults: an input must never break anything. */
  readonly log: Logger;
  /** Empties every folder: no input finds what another left. */
  begin(): Promise<void>;
  /** Throws the first error that was logged since `begin`. */
  end(): void;
  close(): Promise<void>;
}

const LIMITS = {
  fileBytes: 256 * 1024,
  folderFiles: 50,
  folderBytes: 512 * 1024,
  partialBytes: 512 * 1024,
  minFreeBytes: 0,
};

/** Opens them in a temporary directory. */
export async function openFuzzLanding(): Promise<FuzzLanding> {
  const dir = await mkdtemp(join(tmpdir(), 'bode-fuzz-'));
  let errors: string[] = [];
  let now = Date.parse('2026-03-14T09:00:00Z');
  const log = pino({ level: 'error', base: null }, { write: (line: string) => void errors.push(line) });
  const db = openStore({ url: 'sqlite::memory:' });
  await migrate(db);
  const blobs = createBlobStore({ dir: join(dir, 'blobs'), log });
  const clock = () => new Date(now);
  const foldersOf = createFolders({ db, blobs, clock, log, onArrival: async () => undefined, limits: LIMITS });
  return {
    ...{ db, dir, foldersOf, clock, log },
    async begin() {
      now += 10_000; // what was counted before is old
      errors = [];
      for (const table of ['folder_files', 'blobs']) await db(table).delete();
    },
    end() {
      if (errors.length > 0) throw new Error(`an error was logged: ${errors[0]}`);
    },
    async close() {
      await db.destroy();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
