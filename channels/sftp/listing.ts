import { type FileEntry, FOLDERS, type FolderName } from '../../engine/landing/folders.ts';
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
  const owner = sender.padEnd(8);
  return `${MODES[mode]}    1 ${owner} ${owner} ${String(size).padStart(8)} ${timeOf(modifiedAt, now)} ${name}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const HALF_YEAR_MS = 182 * 86_400_000;

/** `Nov 22 08:50`, or `Nov 22  2025` when it is more than half a year away, as `ls` does; UTC. */
function timeOf(at: Date, now: Date): string {
  const day = `${MONTHS[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2)}`;
  const recent = Math.abs(now.getTime() - at.getTime()) < HALF_YEAR_MS;
  return recent ? `${day} ${at.toISOString().slice(11, 16)}` : `${day}  ${at.getUTCFullYear()}`;
}
