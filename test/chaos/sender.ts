import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../support/random.ts';
import type { ReadySet } from './documents.ts';
import { type Account, sftpSession } from './sftp-session.ts';

/** What a sender knows of one of its sets. */
export interface Sent {
  readonly ready: ReadySet;
  /** Sessions in which its sending was begun. */
  tries: number;
  /** The GO was acknowledged: the sftp client went on after it, or ended well. */
  acknowledged: boolean;
  /** When that was known. */
  acknowledgedAt?: number;
  /** False: sent once, and left alone when that fails. */
  persistent: boolean;
  /** Sent once without success, and left alone. */
  abandoned: boolean;
  /** When a session last failed half-way through it. */
  failedAt?: number;
}

export interface SenderOptions {
  readonly account: Account;
  /** Where the channels are reached; another is tried after each failure. */
  readonly ports: readonly number[];
  readonly random: Random;
  /** When the run began, `Date.now()`. */
  readonly startedAt: number;
  /** Nothing is begun after this. */
  readonly deadline: number;
  /** Aborted when the run is stopped. */
  readonly signal: AbortSignal;
  /** Called for every session that fails. */
  readonly onFailure: (error: string) => void;
}

const MOST_SETS_A_SESSION = 4;
/** A session that failed may have a server at its other end that stands still and goes on later. */
const ZOMBIES_MS = 30_000;

/** A set that nothing was done with yet. */
export function unsent(ready: ReadySet): Sent {
  return { ready, tries: 0, acknowledged: false, persistent: ready.set.persistent, abandoned: false };
}

/** Sends the sets of one sender in the order they are due, several a session, each until its GO is acknowledged and never after. */
export async function runSender(all: readonly Sent[], options: SenderOptions): Promise<void> {
  const { random, ports, startedAt, deadline, signal } = options;
  const open = () => all.filter((sent) => !sent.acknowledged && !sent.abandoned);
  let channel = random.below(ports.length);

  for (let left = open(); left.length > 0 && Date.now() < deadline && !signal.aborted; left = open()) {
    const due = left.filter((sent) => dueAt(sent, all, startedAt) <= Date.now());
    if (due.length === 0) {
      await delay(50, undefined, { signal }).catch(() => undefined);
      continue;
    }
    const batch = due.slice(0, 1 + random.below(MOST_SETS_A_SESSION));
    if (await sendBatch(batch, options, ports[channel] ?? 0)) continue;
    channel = (channel + 1) % ports.length;
    await delay(300 + random.below(1000), undefined, { signal }).catch(() => undefined);
  }
}

function dueAt({ ready: { set } }: Sent, all: readonly Sent[], startedAt: number): number {
  const original = set.original === undefined ? undefined : all.find(({ ready }) => ready.set.index === set.original);
  if (original && !original.acknowledged) return Number.POSITIVE_INFINITY;
  return Math.max(startedAt + set.dueMs, (original?.failedAt ?? 0) + ZOMBIES_MS);
}

/** True when the whole session went well. */
async function sendBatch(batch: readonly Sent[], options: SenderOptions, port: number): Promise<boolean> {
  const { account, random, signal } = options;
  const commands = batch.map((sent) => commandsOf(sent));
  const dies = deathIn(batch, commands, random);
  const { ok, done, begun, error } = await sftpSession(account, port, commands.flat(), {
    signal,
    ...(dies && { dies }),
  });
  let end = 0;
  for (const [at, sent] of batch.entries()) {
    const start = end;
    end += commands[at]?.length ?? 0;
    note(sent, { begun: begun > start, acknowledged: done >= end });
  }
  if (!ok) options.onFailure(error);
  return ok;
}

/** The client of a set that is sent once often dies meanwhile, mostly just when the GO is on its way. */
function deathIn(batch: readonly Sent[], commands: readonly (readonly string[])[], random: Random) {
  const at = batch.findIndex(({ persistent }) => !persistent);
  if (at < 0 || random.below(3) === 0) return undefined;
  const [before, own] = [commands.slice(0, at).flat().length, commands[at]?.length ?? 0];
  const step = random.below(3) === 0 ? 1 + random.below(own) : own;
  return { at: before + step, afterMs: random.below(40) };
}

function note(sent: Sent, { begun, acknowledged }: { begun: boolean; acknowledged: boolean }): void {
  if (begun) sent.tries += 1;
  sent.acknowledged = acknowledged;
  if (acknowledged) sent.acknowledgedAt = Date.now();
  if (acknowledged || !begun) return;
  sent.failedAt = Date.now();
  if (!sent.persistent) sent.abandoned = true;
}

function commandsOf({ ready, tries }: Sent): string[] {
  const { names, dir, set } = ready;
  if (!set.renamed) return names.map((name) => `put ${dir}/${name} IN/${name}`);
  return names.flatMap((name) => [
    `put ${dir}/${name} IN/${name}.filepart`,
    ...(tries > 0 ? [`-rm IN/${name}`] : []), // nothing is renamed onto a file that is there
    `rename IN/${name}.filepart IN/${name}`,
  ]);
}
