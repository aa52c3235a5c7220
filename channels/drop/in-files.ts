import type { Dirent } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { EngineError } from '../../engine/core/errors.ts';
import { checkedName } from '../../engine/landing/names.ts';
import { type HeldDirectory, ifThere } from './held-directory.ts';

/** A regular file that lies in an IN folder. */
export interface InFile {
  /** As the directory has it. */
  readonly raw: Buffer;
  /** As it will be stored: valid, in NFC. */
  readonly name: string;
}

/** Something in an IN folder that is never taken, and why. */
export interface Refusal {
  readonly raw: Buffer;
  readonly reason: string;
}

/** What lies in an IN folder. */
export interface InListing {
  readonly files: readonly InFile[];
  readonly refusals: readonly Refusal[];
  /** True when there is more than was looked at. */
  readonly more: boolean;
}

export interface InLimits {
  /** Names that are looked at. */
  readonly names: number;
  /** Size of one file, in bytes. */
  readonly fileBytes: number;
}

/** Looks at what lies in an IN folder by its names and kinds; opens nothing, follows nothing. */
export async function listIn(folder: HeldDirectory, limits: InLimits): Promise<InListing> {
  const files: InFile[] = [];
  const refusals: Refusal[] = [];
  let seen = 0;
  for await (const entry of entriesOf(folder)) {
    seen += 1;
    if (seen > limits.names) return { files, refusals, more: true };
    const raw = rawName(entry);
    const name = nameOf(raw);
    if (name instanceof EngineError) refusals.push({ raw, reason: name.message });
    else if (!(await isFile(folder, entry))) refusals.push({ raw, reason: 'it is no regular file' });
    else files.push({ raw, name });
  }
  return { files, refusals, more: false };
}

/** Of some files those that are not too large to be taken; one that is gone is left out. */
export async function withinSize(folder: HeldDirectory, files: readonly InFile[], fileBytes: number) {
  const fitting: InFile[] = [];
  const refusals: Refusal[] = [];
  for (const file of files) {
    const stat = await ifThere(lstat(folder.at(file.raw)));
    if (stat && stat.size <= fileBytes) fitting.push(file);
    else if (stat) refusals.push({ raw: file.raw, reason: `it is larger than ${fileBytes} bytes` });
  }
  return { fitting, refusals };
}

/** Names as bytes: a client may have given any. */
export async function* rawNames(folder: HeldDirectory): AsyncGenerator<Buffer> {
  for await (const entry of entriesOf(folder)) yield rawName(entry);
}

// the types know only strings; with this encoding every name is a buffer
const entriesOf = async function* (folder: HeldDirectory): AsyncGenerator<Dirent> {
  yield* await opendir(folder.at('.'), { encoding: 'buffer' as BufferEncoding });
};
const rawName = ({ name }: Dirent) => name as unknown as Buffer;

/** Not every file system says in the directory what an entry is. */
async function isFile(folder: HeldDirectory, entry: Dirent): Promise<boolean> {
  if (entry.isFile()) return true;
  const said = entry.isDirectory() || entry.isSymbolicLink() || entry.isFIFO() || entry.isSocket();
  return !said && ((await ifThere(lstat(folder.at(rawName(entry)))))?.isFile() ?? false);
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function nameOf(raw: Buffer): string | EngineError {
  try {
    return checkedName(UTF8.decode(raw));
  } catch (error) {
    if (error instanceof EngineError) return error;
    return new EngineError('name_invalid', 'the file name is refused: it is not valid UTF-8');
  }
}
