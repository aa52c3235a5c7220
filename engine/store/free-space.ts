import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { freshFor } from '../core/fresh.ts';

/** Bytes that may still be written by an ordinary user; never more than a second old. */
export type FreeBytes = () => Promise<number>;

/** What the system says of the file system that a path lies in. */
export type StatFs = (path: string) => Promise<{ readonly bavail: number; readonly bsize: number }>;

export interface FreeSpaceOptions {
  /** Need not exist yet: then the nearest directory above it counts. */
  readonly dir: string;
  readonly statFs?: StatFs;
  readonly nowMs?: () => number;
}

const FRESH_MS = 1_000;

/** Asks the system at most once a second, whatever the number of askers. */
export function createFreeBytes({ dir, statFs = statfs, nowMs }: FreeSpaceOptions): FreeBytes {
  return freshFor(FRESH_MS, () => freeBytesOf(dir, statFs), nowMs);
}

async function freeBytesOf(dir: string, statFs: StatFs): Promise<number> {
  try {
    const { bavail, bsize } = await statFs(dir);
    return bavail * bsize;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(dir) !== dir;
    if (!missing) throw error;
    return freeBytesOf(dirname(dir), statFs);
  }
}
