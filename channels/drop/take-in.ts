import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rmdir, unlink } from 'node:fs/promises';
import { EngineError } from '../../engine/core/errors.ts';
import type { Logger } from '../../engine/core/logger.ts';
import { loggable, printable } from '../../engine/core/printable.ts';
import { triggerRole } from '../../engine/landing/file-name.ts';
import type { Folders } from '../../engine/landing/folders.ts';
import { checkedName } from '../../engine/landing/names.ts';
import { type Claim, complete, directoryOf, setOf } from './claims.ts';
import { type HeldDirectory, holdDirectory, ifThere } from './held-directory.ts';
import { type InFile, type InLimits, listIn, rawNames } from './in-files.ts';
import type { SenderDirectory } from './sender-directory.ts';

export interface TakeInDeps {
  readonly folders: Folders;
  readonly limits: InLimits;
  readonly log: Logger;
  /** True for a claim that was just made whole: else what is left of its set in IN is taken, too. */
  readonly whole: boolean;
  /** Aborted when the engine stops: what is in hand is left claimed. */
  readonly signal: AbortSignal;
}

/**
 * Brings the files of a claim into the sender's folders, the GO last, and then removes them. Done any number of times,
 * by any number of engines, each file comes in once. Throws, with the rest still claimed, when it must be tried again.
 */
export async function takeIn(directory: SenderDirectory, claim: Claim, deps: TakeInDeps): Promise<void> {
  const { claims } = directory;
  const held = await ifThere(holdDirectory(claims.at(directoryOf(claim))));
  if (!held) return; // another engine has taken it over
  try {
    if (!deps.whole) await completeSet(directory, claim, held, deps.limits);
    const files = await claimedFiles(held);
    for (const file of files) await takeInFile(directory, claim, held, file, deps);
    await ifThere(rmdir(claims.at(directoryOf(claim))));
    const [{ folder }, last] = [claim, files.at(-1)];
    if (last) deps.log.info({ folder, files: files.length, last: printable(last.name) }, 'files taken in');
  } finally {
    await held.close();
  }
}

/** The files of a claim, whatever is to be released by a GO before it. */
async function claimedFiles(held: HeldDirectory): Promise<InFile[]> {
  const files: InFile[] = [];
  for await (const raw of rawNames(held)) files.push({ raw, name: checkedName(raw.toString('utf8')) });
  const last = ({ name }: InFile) => (triggerRole(name) === undefined ? 0 : 1);
  return files.sort((a, b) => last(a) - last(b) || (a.name < b.name ? -1 : 1));
}

async function completeSet(
  { folders }: SenderDirectory,
  { folder }: Claim,
  held: HeldDirectory,
  limits: InLimits,
): Promise<void> {
  const trigger = (await claimedFiles(held)).at(-1)?.name;
  const from = folders.get(folder);
  if (!from || trigger === undefined || triggerRole(trigger) === undefined) return;
  await complete(from, held, setOf(trigger, (await listIn(from, limits)).files));
}

async function takeInFile(
  directory: SenderDirectory,
  claim: Claim,
  held: HeldDirectory,
  file: InFile,
  deps: TakeInDeps,
): Promise<void> {
  const handle = await ifThere(openFile(held, file));
  if (!handle) return; // taken over, and done
  if (typeof handle === 'string') return refuse(directory, claim, held, file, handle, deps);
  try {
    const fault = await faultOf(handle, deps.limits);
    if (fault !== undefined) return await refuse(directory, claim, held, file, fault, deps);
    await deps.folders.takeIn(claim.folder, file.name, contentOf(handle, deps.signal), onceFor(claim, file));
  } finally {
    await handle.close();
  }
  await ifThere(unlink(held.at(file.raw)));
}

// neither waits for the writer of a FIFO nor follows a link that was put in the file's place before it was claimed
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens a claimed file; gives the reason when it is none that can be opened. */
function openFile(held: HeldDirectory, { raw }: InFile): Promise<FileHandle | string> {
  return open(held.at(raw), READ).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ELOOP' || error.code === 'ENXIO') return 'it is no regular file';
    throw error;
  });
}

/** At most 80 characters, the same for whoever takes it in. */
function onceFor({ id }: Claim, { raw }: InFile): string {
  return `${id}:${createHash('sha256').update(raw).digest('hex').slice(0, 32)}`;
}

async function faultOf(handle: FileHandle, { fileBytes }: InLimits): Promise<string | undefined> {
  const stat = await handle.stat();
  if (!stat.isFile()) return 'it is no regular file';
  return stat.size > fileBytes ? `it is larger than ${fileBytes} bytes` : undefined;
}

async function refuse(
  { refused }: SenderDirectory,
  { id, folder }: Claim,
  held: HeldDirectory,
  { raw, name }: InFile,
  reason: string,
  { log }: TakeInDeps,
): Promise<void> {
  const kept = onceFor({ id, folder, holder: '' }, { raw, name }).replace(':', '.');
  await ifThere(rename(held.at(raw), refused.at(kept)));
  log.warn({ folder, file: loggable(name), reason, kept: `.bode/refused/${kept}` }, 'file in a drop folder refused');
}

const PIECE = 1 << 20;

/**
 * The bytes of a claimed file. Whoever has it open may still write to it: when it has changed by the end, this throws,
 * and it is read anew the next time.
 */
async function* contentOf(handle: FileHandle, signal: AbortSignal): AsyncGenerator<Buffer> {
  const before = await handle.stat();
  for (let at = 0; at < before.size; ) {
    signal.throwIfAborted();
    const length = Math.min(PIECE, before.size - at);
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, at);
    if (bytesRead === 0) break;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
  const after = await handle.stat();
  if (after.size === before.size && after.mtimeMs === before.mtimeMs) return;
  throw new EngineError('store_unavailable', 'a file whose GO has come is still being written');
}
