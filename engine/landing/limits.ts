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
  /** Up to this size more digests than SHA-256 are followed while a file comes in. */
  readonly textDigestBytes: number;
  /** Below this free space on the disk no upload is taken, whoever sends; 0 refuses nothing. */
  readonly minFreeBytes: number;
}

/** Generous for the largest senders; a configuration may set others. */
export const DEFAULT_LANDING_LIMITS: LandingLimits = {
  fileBytes: 2 * 2 ** 30,
  folderFiles: 50_000,
  folderBytes: 50 * 2 ** 30,
  partialBytes: 8 * 2 ** 30,
  textDigestBytes: 16 * 2 ** 20,
  minFreeBytes: 512 * 2 ** 20,
};

/** Refuses an upload once a folder is full; what is open counts with what is stored. */
export interface Quota {
  /**
   * Counts an upload that begins. Throws limit_exceeded. What was counted in the store may be a second old, so a folder
   * may end slightly over its limit.
   */
  admit(sender: string, folder: FolderName): Promise<Allowance>;
}

/** What one open upload takes up. */
export interface Allowance {
  /**
   * Says how many bytes it holds from now on. A promise, to be waited for, after every 4 MiB by which the folder grows:
   * it rejects with limit_exceeded when the folder is full.
   */
  hold(bytes: number): Promise<void> | undefined;
  /** The upload is not open any more. */
  end(left: 'complete' | 'partial'): void;
}

/** The uploads to one folder that are open in this process. */
interface OpenUploads {
  uploads: number;
  bytes: number;
  /** By how much they grew since the folder was last found to have room. */
  unchecked: number;
}

interface Count extends FolderUse {
  readonly at: number;
  files: number;
  bytes: number;
  partialBytes: number;
}

const FRESH_MS = 1_000;
const CHECK_EVERY = 4 * 2 ** 20;
const REMEMBERED = 1_000;

/** A quota that counts a folder at most once a second, whatever the number of uploads. */
export function createQuota(db: Db, limits: LandingLimits, nowMs: () => number): Quota {
  const counts = new Map<string, Count>();
  const opens = new Map<string, OpenUploads>();

  async function countOf(sender: string, folder: FolderName): Promise<Count> {
    const key = `${sender}/${folder}`;
    const known = counts.get(key);
    if (known && nowMs() - known.at < FRESH_MS) return known;
    const use = await useOf(db, { sender, folder });
    // an open upload may have no row yet
    const count = { ...use, files: use.files + (opens.get(key)?.uploads ?? 0), at: nowMs() };
    if (counts.size >= REMEMBERED) counts.clear();
    counts.set(key, count);
    return count;
  }

  async function ensureRoom(sender: string, folder: FolderName, open: OpenUploads): Promise<void> {
    const count = await countOf(sender, folder);
    if (count.bytes + open.bytes > limits.folderBytes) throw full(folder, `it holds ${limits.folderBytes} bytes`);
    if (count.partialBytes + open.bytes > limits.partialBytes) {
      throw full(folder, `its unfinished uploads hold ${limits.partialBytes} bytes`);
    }
    open.unchecked = 0;
  }

  function openIn(key: string): OpenUploads {
    const open = opens.get(key) ?? { uploads: 0, bytes: 0, unchecked: 0 };
    opens.set(key, open);
    open.uploads += 1;
    return open;
  }

  function allow(sender: string, folder: FolderName): Allowance {
    const key = `${sender}/${folder}`;
    const open = openIn(key);
    let held = 0;

    function hold(bytes: number): Promise<void> | undefined {
      const more = bytes - held;
      held = bytes;
      open.bytes += more;
      if (more <= 0) return undefined;
      open.unchecked += more;
      return open.unchecked < CHECK_EVERY ? undefined : ensureRoom(sender, folder, open).catch(takeBack(more));
    }

    function takeBack(more: number): (error: unknown) => never {
      return (error) => {
        held -= more;
        open.bytes -= more;
        throw error;
      };
    }

    function end(left: 'complete' | 'partial'): void {
      const count = counts.get(key);
      if (count) count.bytes += held; // stored now, until the folder is counted anew
      if (count && left === 'partial') count.partialBytes += held;
      open.bytes -= held;
      open.uploads -= 1;
      if (open.uploads === 0) opens.delete(key);
    }

    return { hold, end };
  }

  return {
    async admit(sender, folder) {
      const count = await countOf(sender, folder);
      const openBytes = opens.get(`${sender}/${folder}`)?.bytes ?? 0;
      if (count.files >= limits.folderFiles) throw full(folder, `it holds ${limits.folderFiles} files`);
      if (count.bytes + openBytes >= limits.folderBytes) throw full(folder, `it holds ${limits.folderBytes} bytes`);
      if (count.partialBytes + openBytes >= limits.partialBytes) {
        throw full(folder, `its unfinished uploads hold ${limits.partialBytes} bytes`);
      }
      count.files += 1;
      return allow(sender, folder);
    },
  };
}

function full(folder: FolderName, reason: string): EngineError {
  return new EngineError('limit_exceeded', `${folder} is full: ${reason}`, { folder });
}
