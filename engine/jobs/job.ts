import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { Db } from '../store/database.ts';
import type { Timetable } from './timetable.ts';

/** What a job gets for one run. */
export interface JobContext {
  /** Names the run: its slot. A run that did not succeed is run again under the same key. */
  readonly runKey: string;
  /** The slot: what a list or a prune reckons from, so that it comes out the same when it is run again. */
  readonly slot: Date;
  readonly now: Date;
  readonly clock: Clock;
  readonly db: Db;
  readonly log: Logger;
  /** Aborts when this process no longer leads, or stops: stop soon then, and reject. */
  readonly signal: AbortSignal;
  /**
   * Throws when this process may not go on: asked at each step of long work. Knows without asking the store, also in a
   * process that was paused and has just woken up, before `signal` has had its turn.
   */
  proceed(): void;
}

/**
 * Work that is done at its time by one process of any number. It must be safe to start again after a crash half-way,
 * and beside a run that has lost the lease and not noticed yet: its effects are transactions of their own.
 */
export interface Job {
  /** At most 36 characters; never changes, as the runs are kept under it. */
  readonly name: string;
  readonly due: Timetable;
  /** True runs every slot, also those missed during an outage, oldest first. Else the latest missed slot stands for all. */
  readonly everySlot?: boolean;
  /** Resolves, with a few words on what it did ('' for nothing), only when all of it is done. */
  run(context: JobContext): Promise<string>;
}
