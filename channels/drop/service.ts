import { existsSync } from 'node:fs';
import type { Clock } from '../../engine/core/clock.ts';
import { EngineError } from '../../engine/core/errors.ts';
import type { Logger } from '../../engine/core/logger.ts';
import { periodic, type Service } from '../../engine/core/service.ts';
import type { FoldersOf } from '../../engine/landing/create-folders.ts';
import { placesToCopy } from '../../engine/landing/out-copies.ts';
import type { Db } from '../../engine/store/database.ts';
import { createDesk, type Desk } from './desk.ts';
import { createHolder } from './holder.ts';
import type { InLimits } from './in-files.ts';
import { createPlaces } from './places.ts';

export interface DropOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly foldersOf: FoldersOf;
  /** The directory of each sender, by its number. */
  readonly directories: Readonly<Record<string, string>>;
  /** Whether a sender is registered, and for drop folders. */
  readonly isServed: (sender: string) => Promise<boolean>;
  readonly limits: InLimits;
  /** Files that no GO has named for so long are taken in without one, so that they are answered. */
  readonly waitMs: number;
  /** Of the files in OUT. */
  readonly mode: number;
  /** How often every directory is looked at, whatever is heard of changes, in ms. */
  readonly lookMs: number;
  /** How often new answers are looked for, in ms. */
  readonly pollMs: number;
  /** Senders that are served at a time. */
  readonly places: number;
  /** True when there is no other engine on this store. */
  readonly alone: boolean;
  readonly leaseMs?: number;
}

/** The drop folders: directories that another daemon fills. Any number of engines may serve the same ones. */
export function createDropFolders(options: DropOptions): Service {
  const { db, clock, log, directories, lookMs, pollMs } = options;
  const inPlace = createPlaces(options.places);
  const holder = createHolder(options);
  let desks: readonly Desk[] = [];
  let stopping: AbortController | undefined;

  function open(signal: AbortSignal): Desk[] {
    return Object.entries(directories).map(([sender, path]) => {
      const own = log.child({ sender, channel: 'drop' });
      const folders = options.foldersOf({ number: sender, channel: 'drop' });
      const isServed = () => options.isServed(sender);
      return createDesk({ ...options, sender, path, folders, holder, signal, inPlace, isServed, log: own });
    });
  }

  const looker = periodic({
    ...{ name: 'looking at the drop folders', everyMs: lookMs, log, clock },
    async tick() {
      for (const desk of desks) desk.ask('in', 'answers', 'fetched');
    },
  });
  const poller = periodic({
    ...{ name: 'looking for answers for the drop folders', everyMs: pollMs, log, clock },
    async tick() {
      const waiting = new Set((await placesToCopy(db, Object.keys(directories))).map(({ sender }) => sender));
      for (const desk of desks) if (waiting.has(desk.sender)) desk.ask('answers');
    },
  });

  async function start(): Promise<void> {
    if (stopping) return;
    requireLinux();
    stopping = new AbortController();
    await holder.start();
    desks = open(stopping.signal);
    await looker.start();
    await poller.start();
    log.info({ directories: desks.length }, 'drop folders served');
  }

  async function stop(): Promise<void> {
    if (!stopping) return;
    stopping.abort();
    await Promise.all([looker.stop(), poller.stop()]);
    await Promise.all(desks.map((desk) => desk.close()));
    await holder.stop(); // last: what is still claimed may now be taken over
    stopping = undefined;
  }

  return { name: 'drop', start, stop };
}

function requireLinux(): void {
  if (existsSync('/proc/self/fd')) return;
  throw new EngineError(
    'config_invalid',
    'channels.drop needs Linux with /proc mounted; set channels.drop.enabled: false',
  );
}
