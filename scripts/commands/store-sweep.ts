import { leftOverFiles, type SweepDeps, sweepParts } from '../../engine/landing/sweep.ts';
import { leftOverBlobs } from '../../engine/store/check-content.ts';
import { CONTENT_GRACE_MS, sweepUnnamed } from '../../engine/store/collect.ts';

export interface Sweep extends SweepDeps {
  /** Who sweeps, for the audit. */
  readonly by: string;
}

/** What a sweep would do, in words. */
export async function previewSweep(sweep: Sweep): Promise<string[]> {
  const { blobs, bytes, younger } = await countLeftOver(sweep);
  let files = 0;
  for await (const names of leftOverFiles(sweep)) files += names.length;
  return [
    `${blobs} blobs (${bytes} bytes) and ${files} files would be deleted; ${younger} more blobs that no row names are too young`,
    'Nothing was done: repeat with --yes',
  ];
}

/** Sweeps: collects content that no row names, and removes files that no row names. */
export async function sweepStore(sweep: Sweep): Promise<string[]> {
  const { blobs, bytes } = await sweepUnnamed(sweep);
  const files = await sweepParts(sweep);
  const { younger } = await countLeftOver(sweep);
  return [
    `${blobs} blobs (${bytes} bytes) and ${files} files deleted; ${younger} more blobs that no row names are too young`,
  ];
}

async function countLeftOver(sweep: Sweep): Promise<{ blobs: number; bytes: number; younger: number }> {
  const { clock, graceMs = CONTENT_GRACE_MS } = sweep;
  const horizon = new Date(clock().getTime() - graceMs);
  const counts = { blobs: 0, bytes: 0, younger: 0 };
  for await (const { size, since } of leftOverBlobs(sweep)) {
    if (since > horizon) counts.younger += 1;
    else {
      counts.blobs += 1;
      counts.bytes += size;
    }
  }
  return counts;
}
