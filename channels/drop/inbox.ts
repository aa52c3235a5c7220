import type { Clock } from '../../engine/core/clock.ts';
import type { Logger } from '../../engine/core/logger.ts';
import { loggable } from '../../engine/core/printable.ts';
import { triggerRole } from '../../engine/landing/file-name.ts';
import { IN_FOLDERS } from '../../engine/landing/folder-files.ts';
import type { FolderName, Folders } from '../../engine/landing/folders.ts';
import { type Claim, claim, claimsIn, setOf, takeOver } from './claims.ts';
import type { HeldDirectory } from './held-directory.ts';
import type { Holder } from './holder.ts';
import { type InFile, type InLimits, listIn, type Refusal, withinSize } from './in-files.ts';
import { createOverdue } from './overdue.ts';
import type { SenderDirectory } from './sender-directory.ts';
import { takeIn } from './take-in.ts';

export interface InboxOptions {
  readonly folders: Folders;
  readonly holder: Pick<Holder, 'id' | 'isDead'>;
  readonly limits: InLimits;
  /** Files that no GO has named for so long are taken in without one, so that they are answered. */
  readonly waitMs: number;
  readonly clock: Clock;
  /** Names the sender. */
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Takes in what a sender's IN folders hold. */
export interface Inbox {
  /**
   * Takes in what an earlier look or a dead engine has left claimed, then every set whose GO or TD is there. Throws the
   * first of what went wrong, after everything else was done; it is tried again at the next look.
   */
  look(directory: SenderDirectory): Promise<void>;
}

const OVERDUE_AT_ONCE = 100;

/** Creates the inbox of one sender. It remembers what it has refused, to say it once, and since when files wait. */
export function createInbox(options: InboxOptions): Inbox {
  const { holder, limits, log, signal, clock, waitMs } = options;
  const said = new Map<FolderName, ReadonlySet<string>>();
  const overdue = createOverdue(waitMs, () => clock().getTime());

  /** Once for each, until it is gone: what is too large is only found when its GO comes. */
  function sayRefused(folder: FolderName, refusals: readonly Refusal[], files: readonly InFile[]): void {
    const before = said.get(folder);
    const there = files.map(keyOf).filter((key) => before?.has(key));
    said.set(folder, new Set([...refusals.map(keyOf), ...there]));
    for (const refusal of refusals) {
      if (before?.has(keyOf(refusal))) continue;
      const file = loggable(refusal.raw.toString('utf8'));
      log.warn({ folder, file, reason: refusal.reason }, 'file in a drop folder refused: it stays where it is');
    }
  }

  async function bring(directory: SenderDirectory, mine: Claim, whole: boolean): Promise<void> {
    signal.throwIfAborted();
    await takeIn(directory, mine, { ...options, whole });
  }

  /** Claims some files, the first of which decides, and takes them in. */
  async function take(directory: SenderDirectory, from: From, files: readonly InFile[]): Promise<void> {
    signal.throwIfAborted();
    const mine = await claim(directory, from, files, holder.id);
    if (mine) await bring(directory, mine, true);
  }

  async function finishClaims(directory: SenderDirectory, failures: unknown[]): Promise<void> {
    for (const found of await claimsIn(directory)) {
      try {
        const mine = await ours(directory, found, holder);
        if (mine) await bring(directory, mine, false);
      } catch (error) {
        failures.push(error); // one that cannot be taken in keeps no other waiting
      }
    }
  }

  async function lookIn(directory: SenderDirectory, from: From): Promise<void> {
    const { folder } = from;
    const { files, refusals, more } = await listIn(from.directory, limits);
    if (more) log.warn({ folder, names: limits.names }, 'drop folder holds more than is looked at');
    const tooLarge: Refusal[] = [];
    let left = files;
    try {
      for (const trigger of files.filter(({ name }) => triggerRole(name) !== undefined)) {
        const set = [trigger, ...setOf(trigger.name, left)];
        const { fitting, refusals: large } = await withinSize(from.directory, set, limits.fileBytes);
        tooLarge.push(...large);
        if (fitting[0] === trigger) await take(directory, from, fitting);
        left = left.filter((file) => !fitting.includes(file));
      }
      const waited = overdue.among(folder, left).slice(0, OVERDUE_AT_ONCE);
      const { fitting, refusals: large } = await withinSize(from.directory, waited, limits.fileBytes);
      tooLarge.push(...large);
      if (fitting.length > 0) await take(directory, from, fitting);
    } finally {
      sayRefused(folder, [...refusals, ...tooLarge], left);
    }
  }

  async function look(directory: SenderDirectory): Promise<void> {
    const failures: unknown[] = [];
    await finishClaims(directory, failures);
    for (const folder of IN_FOLDERS) {
      const held = directory.folders.get(folder);
      if (!held) continue;
      // the first failure ends the look: while the store is away there is no sense in claiming all there is
      await lookIn(directory, { folder, directory: held }).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  return { look };
}

interface From {
  readonly folder: FolderName;
  readonly directory: HeldDirectory;
}

const keyOf = ({ raw }: Pick<Refusal, 'raw'>) => raw.toString('latin1');

/** A claim as this engine's: its own, or that of one that is dead. */
async function ours(directory: SenderDirectory, found: Claim, { id, isDead }: InboxOptions['holder']) {
  if (found.holder === id) return found;
  return (await isDead(found.holder)) ? takeOver(directory, found, id) : undefined;
}
