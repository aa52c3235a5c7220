import type { FileEntry, FolderName } from './folders.ts';

/** What this session uploaded a moment ago: clients still ask for it after the intake has taken it away. */
export interface RecentUploads {
  add(folder: FolderName, entry: FileEntry): void;
  find(folder: FolderName, name: string): FileEntry | undefined;
  forget(folder: FolderName, name: string): void;
  of(folder: FolderName): FileEntry[];
}

const REMEMBERED = 256;
const FOR_MS = 10_000;

/** Remembers the last uploads of one session, few and for seconds only. */
export function createRecentUploads(nowMs: () => number): RecentUploads {
  const entries = new Map<string, { readonly entry: FileEntry; readonly at: number }>();
  const keyOf = (folder: FolderName, name: string) => `${folder}/${name}`;

  return {
    add(folder, entry) {
      const key = keyOf(folder, entry.name);
      entries.delete(key);
      entries.set(key, { entry, at: nowMs() });
      const [oldest] = entries.keys();
      if (entries.size > REMEMBERED && oldest !== undefined) entries.delete(oldest);
    },
    find(folder, name) {
      const known = entries.get(keyOf(folder, name));
      return known && nowMs() - known.at < FOR_MS ? known.entry : undefined;
    },
    forget(folder, name) {
      entries.delete(keyOf(folder, name));
    },
    of(folder) {
      const known = [...entries].filter(([key, { at }]) => key.startsWith(`${folder}/`) && nowMs() - at < FOR_MS);
      return known.map(([, { entry }]) => entry);
    },
  };
}
