import { EngineError } from '../core/errors.ts';
import type { Db } from '../store/database.ts';
import { type FolderUse, useOf } from './folder-rows.ts';
import type { FolderName } from './folders.ts';

/** What one sender may take up. */
export interface LandingLimits {
  /** Size of one file in bytes. */
  readonly fileBytes: number;
  /** Files in one folder. */
  readonly folderFiles: number;
  /** Bytes in one folder. */
  readonly folderBytes: number;
  /** Bytes of unfinished uploads in one folder. */
  readonly partialBytes: number;
  /** Up to this size the digest of the text form is followed while a file comes in. */
  readonly textDigestBytes: number;
}

/** Generous for the largest senders; a configuration may set others. */
export const DEFAULT_LANDING_LIMITS: LandingLimits = {
  fileBytes: 2 * 2 ** 30,
  folderFiles: 50_000,
  folderBytes: 50 * 2 ** 30,
  partialBytes: 8 * 2 ** 30,
  textDigestBytes: 64 * 2 ** 20,
};

/** Refuses an upload once a folder is full. */
export interface Quota {
  /** Throws limit_exceeded. What was counted may be a second old, so a folder may end slightly over its limit. */
  admit(sender: string, folder: FolderName): Promise<void>;
}

interface Count extends FolderUse {
  readonly at: number;
  admitted: number;
}

const FRESH_MS = 1_000;
const REMEMBERED = 1_000;

/** A quota that counts a folder at most once a second, whatever the number of uploads. */
export function createQuota(db: Db, limits: LandingLimits, nowMs: () => number): Quota {
  const counts = new Map<string, Count>();

  async function countOf(sender: string, folder: FolderName): Promise<Count> {
    const key = `${sender}/${folder}`;
    const known = counts.get(key);
    if (known && nowMs() - known.at < FRESH_MS) return known;
    const count = { ...(await useOf(db, { sender, folder })), at: nowMs(), admitted: 0 };
    if (counts.size >= REMEMBERED) counts.clear();
    counts.set(key, count);
    return count;
  }

  return {
    async admit(sender, folder) {
      const count = await countOf(sender, folder);
      if (count.files + count.admitted >= limits.folderFiles) {
        throw full(folder, `it holds ${limits.folderFiles} files`);
      }
      if (count.bytes >= limits.folderBytes) throw full(folder, `it holds ${limits.folderBytes} bytes`);
      if (count.partialBytes >= limits.partialBytes) {
        throw full(folder, `its unfinished uploads hold ${limits.partialBytes} bytes`);
      }
      count.admitted += 1;
    },
  };
}

function full(folder: FolderName, reason: string): EngineError {
  return new EngineError('limit_exceeded', `${folder} is full: ${reason}`, { folder });
}
