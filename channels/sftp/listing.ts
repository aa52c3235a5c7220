import { type FileEntry, FOLDERS, type FolderName } from '../../engine/landing/folders.ts';
import { listingLine } from '../../engine/landing/listing-line.ts';
import type { Attributes, NamedEntry } from './replies.ts';

const DIRECTORY = 0o040700;
const WRITABLE = 0o100600;
const READ_ONLY = 0o100400;

/** How a folder, or the root, is shown. */
export function folderAttributes(now: Date): Attributes {
  return { size: 0, mode: DIRECTORY, modifiedAt: now };
}

/** How a file is shown: files in an OUT folder are read-only. */
export function fileAttributes(
  folder: FolderName,
  { size, modifiedAt }: Omit<FileEntry, 'name' | 'complete'>,
): Attributes {
  return { size, mode: folder.startsWith('IN') ? WRITABLE : READ_ONLY, modifiedAt };
}

/** An entry with the line that `ls -l` prints of it. */
export function namedEntry(name: string, attributes: Attributes, sender: string, now: Date): NamedEntry {
  return { name, attributes, longName: longNameOf(name, attributes, sender, now) };
}

/** The six folders. */
export function rootEntries(sender: string, now: Date): NamedEntry[] {
  return FOLDERS.map((folder) => namedEntry(folder, folderAttributes(now), sender, now));
}

const MODES: Readonly<Record<number, string>> = {
  [DIRECTORY]: 'drwx------',
  [WRITABLE]: '-rw-------',
  [READ_ONLY]: '-r--------',
};

function longNameOf(name: string, { size, mode, modifiedAt }: Attributes, sender: string, now: Date): string {
  return listingLine({ name, mode: MODES[mode] ?? '', size, modifiedAt }, sender, now);
}
