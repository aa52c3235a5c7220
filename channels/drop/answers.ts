import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, unlink, writeFile } from 'node:fs/promises';
import type { Clock } from '../../engine/core/clock.ts';
import { EngineError } from '../../engine/core/errors.ts';
import type { Logger } from '../../engine/core/logger.ts';
import type { Folders } from '../../engine/landing/folders.ts';
import {
  type Copied,
  copiedIn,
  noteCopy,
  type OutPlace,
  removeFetched,
  type Uncopied,
  uncopied,
} from '../../engine/landing/out-copies.ts';
import type { Db } from '../../engine/store/database.ts';
import { type HeldDirectory, ifThere } from './held-directory.ts';
import { rawNames } from './in-files.ts';
import type { SenderDirectory } from './sender-directory.ts';

export interface AnswersDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly folders: Folders;
  /** Names this engine and no other. */
  readonly holder: string;
  /** Of the files in OUT. */
  readonly mode: number;
  readonly signal: AbortSignal;
}

/** An OUT folder and the directory that its copies go into. */
interface Target extends OutPlace {
  readonly directory: SenderDirectory;
  readonly out: HeldDirectory;
}

/**
 * Writes the answers of a folder that have no copy yet into its directory, each whole under its name and the GO last,
 * and each once: first aside, then noted in the store, then renamed. Throws what kept some of them back, after the rest.
 */
export async function copyOut(directory: SenderDirectory, place: OutPlace, deps: AnswersDeps): Promise<void> {
  const out = directory.folders.get(place.folder);
  if (!out) throw new EngineError('config_invalid', `there is no directory ${place.folder} for the answers that wait`);
  const target = { ...place, directory, out };
  const failed = new Map<string, unknown>();
  let copied = 1;
  while (copied > 0) copied = await copySome(target, failed, deps);
  for (const error of failed.values()) throw error;
}

/** How many were copied of the first that wait; what fails keeps back what belongs to it, and nothing else. */
async function copySome(target: Target, failed: Map<string, unknown>, deps: AnswersDeps): Promise<number> {
  let copied = 0;
  for (const answer of await uncopied(deps.db, target)) {
    deps.signal.throwIfAborted();
    if (failed.has(stemOf(answer.name))) continue;
    try {
      await copyOne(target, answer, deps);
      copied += 1;
    } catch (error) {
      failed.set(stemOf(answer.name), error);
    }
  }
  return copied;
}

const stemOf = (name: string) => name.slice(3);

async function copyOne(target: Target, { id, name }: Uncopied, deps: AnswersDeps): Promise<void> {
  const { directory, out } = target;
  const { outgoing } = directory;
  const copy = `${randomBytes(16).toString('hex')}.${deps.holder}`;
  await writeAside(target, name, copy, deps).catch(async (error: unknown) => {
    await unlink(outgoing.at(copy)).catch(() => undefined); // on a full disk it would stay in the way
    throw error;
  });
  // when this throws it may have been noted all the same: the copy stays, and is finished or swept later
  if (!(await noteCopy(deps.db, id, copy))) return void (await ifThere(unlink(outgoing.at(copy))));
  if (name.startsWith('GO.')) await finishOthers(target, stemOf(name), deps.db);
  await ifThere(rename(outgoing.at(copy), out.at(name))); // not there: another engine has finished it
}

/** What a GO releases must be there before it, also when another engine is just writing it. */
async function finishOthers(target: Target, stem: string, db: Db): Promise<void> {
  const names = ['FO', 'CO', 'FS'].map((role) => `${role}.${stem}`);
  for (const copied of await copiedIn(db, target, names)) await finish(target, copied);
}

/** Brings a copy that was noted to its place; nothing when it was brought there before. */
async function finish({ directory, out }: Target, { name, copy }: Copied): Promise<void> {
  await ifThere(rename(directory.outgoing.at(copy), out.at(name)));
}

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const SETGID = 0o2000;

async function writeAside({ directory, out, folder }: Target, name: string, copy: string, deps: AnswersDeps) {
  const download = await deps.folders.openRead(folder, name);
  try {
    const handle = await open(directory.outgoing.at(copy), CREATE, 0o600);
    try {
      const { mode, gid } = await out.stat();
      // a file takes the group of the directory that it is made in; the rename does not change it
      if (mode & SETGID) await handle.chown(process.geteuid?.() ?? -1, gid);
      await writeFile(handle, download.stream(), { signal: deps.signal });
      await handle.chmod(deps.mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } finally {
    await download.close();
  }
  await directory.outgoing.sync();
}

/**
 * Removes each answer of a folder whose copy its sender has taken away or deleted, and brings copies to their place that
 * a crash left aside.
 */
export async function noteFetched(directory: SenderDirectory, place: OutPlace, deps: AnswersDeps): Promise<void> {
  const out = directory.folders.get(place.folder);
  // the order matters: what was noted, is not aside and is not there either was there and is not any more
  const copied = await copiedIn(deps.db, place);
  if (!out || copied.length === 0) return;
  const aside = await namesIn(directory.outgoing);
  const there = await namesIn(out);
  const missing = copied.filter(({ name, copy }) => aside.has(copy) || !there.has(name));
  for (const one of missing.filter(({ copy }) => !aside.has(copy))) {
    deps.signal.throwIfAborted();
    if (!(await removeFetched(deps.db, place, one, deps.clock()))) continue;
    deps.log.info({ folder: place.folder, file: one.name }, 'answer fetched and deleted');
  }
  for (const one of missing.filter(({ copy }) => aside.has(copy))) await finish({ ...place, directory, out }, one);
}

async function namesIn(directory: HeldDirectory): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const raw of rawNames(directory)) names.add(raw.toString('utf8'));
  return names;
}

/** Removes what engines that are dead wrote aside and never noted. */
export async function sweepAside(
  { outgoing }: SenderDirectory,
  isNoted: (copy: string) => Promise<boolean>,
  isLongDead: (holder: string) => Promise<boolean>,
): Promise<void> {
  for await (const raw of rawNames(outgoing)) {
    const copy = raw.toString('latin1');
    const holder = copy.split('.')[1] ?? '';
    if ((await isLongDead(holder)) && !(await isNoted(copy))) await ifThere(unlink(outgoing.at(copy)));
  }
}
