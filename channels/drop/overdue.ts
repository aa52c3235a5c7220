import type { FolderName } from '../../engine/landing/folders.ts';
import type { InFile } from './in-files.ts';

/** Tells which files have been seen for too long. What another daemon writes as their time counts for nothing. */
export interface Overdue {
  /** Of the files that are in a folder now, those that have been there at every look for `waitMs`. */
  among(folder: FolderName, files: readonly InFile[]): InFile[];
}

/** Creates a memory of files seen; it begins anew with each process. */
export function createOverdue(waitMs: number, nowMs: () => number): Overdue {
  const seen = new Map<FolderName, ReadonlyMap<string, number>>();

  return {
    among(folder, files) {
      const before = seen.get(folder);
      const now = nowMs();
      const since = new Map(files.map(({ name }) => [name, before?.get(name) ?? now]));
      seen.set(folder, since);
      return files.filter(({ name }) => now - (since.get(name) ?? now) >= waitMs);
    },
  };
}
