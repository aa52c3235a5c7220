import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { namedFiles } from './folder-rows.ts';

export interface SweepDeps {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** A file younger than this may be an upload whose row is about to come. */
  readonly graceMs?: number;
}

const HOUR = 3_600_000;
const BATCH = 200;

/** Deletes the files of the blob directory that no row names: what a crash left. Returns how many; safe to run at any time. */
export async function sweepParts({ db, blobs, clock, log, graceMs = HOUR }: SweepDeps): Promise<number> {
  const old = await blobs.files.olderThan(new Date(clock().getTime() - graceMs));
  let removed = 0;
  for (let start = 0; start < old.length; start += BATCH) {
    const batch = old.slice(start, start + BATCH);
    const named = await namedFiles(db, batch);
    const left = batch.filter((name) => !named.has(name));
    for (const name of left) await blobs.files.remove(name);
    removed += left.length;
  }
  if (removed > 0) log.info({ files: removed }, 'left-over files removed');
  return removed;
}
