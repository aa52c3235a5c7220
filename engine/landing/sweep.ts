import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { namedFiles } from './folder-rows.ts';

export interface SweepDeps {
  readonly db: Db;
  readonly blobs: Pick<BlobStore, 'files'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** A file younger than this may be one whose row is about to come; default 1 h. Less only while no engine runs. */
  readonly graceMs?: number;
  readonly signal?: AbortSignal;
}

/** How long a file may be without a row, after the last change to it. */
export const FILE_GRACE_MS = 3_600_000;

const BATCH = 200;

/**
 * The files of the blob directory that were not changed for the grace time and that no row names, a batch at a time: what a
 * crash left, and second copies of content that was there.
 */
export async function* leftOverFiles(deps: Omit<SweepDeps, 'log'>): AsyncGenerator<string[]> {
  const { db, blobs, clock, graceMs = FILE_GRACE_MS, signal } = deps;
  let batch: string[] = [];
  for await (const name of blobs.files.olderThan(new Date(clock().getTime() - graceMs))) {
    if (signal?.aborted) return;
    batch.push(name);
    if (batch.length < BATCH) continue;
    yield await unnamed(db, batch);
    batch = [];
  }
  if (batch.length > 0) yield await unnamed(db, batch);
}

async function unnamed(db: Db, batch: readonly string[]): Promise<string[]> {
  const named = await namedFiles(db, batch);
  return batch.filter((name) => !named.has(name));
}

/** Deletes what is left over (leftOverFiles). Returns how many; safe to run anywhere, any number of times at once. */
export async function sweepParts(deps: SweepDeps): Promise<number> {
  const { blobs, clock, log, graceMs = FILE_GRACE_MS } = deps;
  let removed = 0;
  for await (const left of leftOverFiles(deps)) {
    const horizon = new Date(clock().getTime() - graceMs);
    // looks at the time once more: an upload that goes on after a long pause shows itself before its row comes
    for (const name of left) if (blobs.files.removeIfOlder(name, horizon)) removed += 1;
  }
  if (removed > 0) log.info({ files: removed }, 'left-over files removed');
  return removed;
}
