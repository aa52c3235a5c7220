import type { Clock } from '../../engine/core/clock.ts';
import { damagedFiles } from '../../engine/landing/check-files.ts';
import { leftOverFiles } from '../../engine/landing/sweep.ts';
import type { BlobStore } from '../../engine/store/blobs.ts';
import {
  type CheckDeps,
  type ContentFault,
  damagedBlobs,
  type LeftOverBlob,
  leftOverBlobs,
  missingBlobs,
} from '../../engine/store/check-content.ts';
import { printableText } from './output.ts';

/** How many, and the first thousand of them. */
interface Listed<T> {
  count: number;
  readonly items: T[];
}

interface Findings {
  readonly ok: boolean;
  readonly missing: Listed<Omit<ContentFault, 'kind'>>;
  readonly damaged: Listed<Omit<ContentFault, 'kind'>>;
  readonly leftOver: { bytes: number; readonly blobs: Listed<LeftOverBlob>; readonly files: Listed<string> };
}

/** Gathers what a check finds; of each kind the first thousand in memory. */
export interface Report {
  fault(fault: ContentFault): Promise<void>;
  blob(blob: LeftOverBlob): Promise<void>;
  file(name: string): Promise<void>;
  /** True while nothing is missing or damaged. */
  ok(): boolean;
  json(): Findings;
}

const MOST_ITEMS = 1_000;

/** A report that also hands on each finding as a line of text. */
export function createReport(say: (lines: string[]) => Promise<void> = async () => undefined): Report {
  const empty = () => ({ count: 0, items: [] });
  const lists = { missing: empty(), damaged: empty() } as Pick<Findings, 'missing' | 'damaged'>;
  const leftOver: Findings['leftOver'] = { bytes: 0, blobs: empty(), files: empty() };
  const ok = () => lists.missing.count + lists.damaged.count === 0;

  return {
    ok,
    json: () => ({ ok: ok(), ...lists, leftOver }),
    async fault({ kind, ...rest }) {
      add(lists[kind], rest);
      await say([printableText(`${kind}  ${rest.subject}  ${rest.detail}`)]);
    },
    async blob(blob) {
      add(leftOver.blobs, blob);
      leftOver.bytes += blob.size;
      await say([`left over  ${blob.sha256}  ${blob.size} bytes`]);
    },
    async file(name) {
      add(leftOver.files, name);
      await say([`left over  file ${name}`]);
    },
  };
}

function add<T>(list: Listed<T>, item: T): void {
  list.count += 1;
  if (list.items.length < MOST_ITEMS) list.items.push(item);
}

export interface StoreCheck extends CheckDeps {
  readonly blobs: BlobStore;
  readonly clock: Clock;
  /** What has not been needed for longer is left over. */
  readonly graceMs: number;
}

/** Looks through all content and reports what is missing, damaged or left over; memory does not grow with the store. */
export async function checkStore(check: StoreCheck, report: Report): Promise<void> {
  const { db, blobs, clock, graceMs } = check;
  for (const faults of [missingBlobs(check), damagedBlobs(check), damagedFiles(check)]) {
    for await (const fault of faults) await report.fault(fault);
  }
  const horizon = new Date(clock().getTime() - graceMs);
  for await (const blob of leftOverBlobs(check)) {
    if (blob.since <= horizon) await report.blob(blob);
  }
  for await (const names of leftOverFiles({ db, blobs, clock, graceMs })) {
    for (const name of names) await report.file(name);
  }
}
