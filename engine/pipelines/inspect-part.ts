import { buffer } from 'node:stream/consumers';
import type { PrepareContext } from '../broker/pipeline.ts';
import { protocolTime } from '../core/calendar.ts';
import type { Goal } from '../registry/goals.ts';
import type { Sender } from '../registry/senders.ts';
import { type BlobRef, type BlobSource, openPrepared, type PreparedContent } from '../store/blobs.ts';
import type { ReceiptError, Submission, SubmissionFile } from '../submissions/submissions.ts';
import { mandateFindings } from './mandates.ts';
import type { InspectedPart, SubmissionDeps } from './submissions.ts';
import { looksZipped, unzip } from './unzip.ts';
import type { Finding } from './xml/inspection.ts';

export interface PartRequest {
  readonly file: SubmissionFile;
  readonly goal: Goal;
  readonly sender: Sender;
  readonly submission: Submission;
}

/** A part with its faults; without `part` when it could not even be opened as a declaration. */
export interface PartResult {
  readonly part?: InspectedPart;
  readonly faults: readonly ReceiptError[];
}

/** Unpacks a part if need be, inspects it, and checks the sender's mandates for its employers. */
export async function inspectPart(
  request: PartRequest,
  context: PrepareContext,
  deps: SubmissionDeps,
): Promise<PartResult> {
  const { file, goal, sender, submission } = request;
  const opened = await openDeclaration(file, goal, deps);
  if (opened.kind === 'fault') return { faults: [faultOf(file, opened.finding)] };
  const { content, source, unzipped } = opened;
  const fileDate = submission.stem.split('.')[2] ?? '';
  const inspection = await deps.inspect({ source, goal, fileDate, now: context.now, signal: context.signal });
  const today = protocolTime(submission.receivedAt).date;
  const findings =
    inspection.findings.length > 0
      ? inspection.findings
      : await mandateFindings(deps.db, { sender, goal: goal.code, needed: deps.mandated, today }, inspection.forms);
  const part = { name: file.name, part: file.part, content, inspection, ...(unzipped && { unzipped }) };
  return { part, faults: findings.map((finding) => faultOf(file, finding)) };
}

type Opened =
  | {
      readonly kind: 'declaration';
      readonly content: BlobRef;
      readonly source: BlobSource;
      readonly unzipped?: PreparedContent;
    }
  | { readonly kind: 'fault'; readonly finding: Finding };

async function openDeclaration(file: SubmissionFile, goal: Goal, { db, blobs }: SubmissionDeps): Promise<Opened> {
  const source = await blobs.open(db, file.sha256);
  const start = await buffer(await blobs.read(db, file.sha256, { start: 0, end: Math.min(4, file.size) }));
  if (!looksZipped(start)) return { kind: 'declaration', content: file, source };
  if (!goal.compressed) {
    return { kind: 'fault', finding: { code: '229', detail: `${goal.code} may not be sent compressed` } };
  }
  const result = await unzip(source, goal.maxFileBytes, db, blobs);
  if (result.kind === 'fault') return result;
  const unzipped = result.prepared;
  return { kind: 'declaration', content: unzipped.ref, source: await openPrepared(blobs, db, unzipped), unzipped };
}

function faultOf(file: SubmissionFile, finding: Finding): ReceiptError {
  return { file: file.name, ...finding };
}
