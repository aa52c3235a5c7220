import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { PrepareContext } from '../broker/pipeline.ts';
import { protocolTime } from '../core/calendar.ts';
import { RECEIVED_ON, type Source, sourcesOf } from '../records/source.ts';
import type { Goal } from '../registry/goals.ts';
import type { Sender } from '../registry/senders.ts';
import { type BlobRef, type BlobSource, openPrepared, type PreparedContent, streamOf } from '../store/blobs.ts';
import type { ReceiptError, Submission, SubmissionFile } from '../submissions/submissions.ts';
import { mandateFindings } from './mandates.ts';
import { csvRows, looksLikeCsv } from './rows/csv-rows.ts';
import { declarationOf } from './rows/declaration.ts';
import { looksLikePdf, pdfRows } from './rows/pdf-rows.ts';
import type { RowSource, Rows } from './rows/row.ts';
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
  const opened = await openDeclaration(file, goal, context, deps);
  if (opened.kind === 'fault') return { faults: [faultOf(file, opened.finding)] };
  const { content, source, unzipped } = opened;
  const fileDate = submission.stem.split('.')[2] ?? '';
  const sources = sourcesOf(deps.sources, goal.code);
  const asked = { ...goal, days: daysIn(sources) };
  const inspection = await deps.inspect({ source, goal: asked, fileDate, now: context.now, signal: context.signal });
  const today = protocolTime(submission.receivedAt).date;
  const answers = sources.some((one) => one.answers !== undefined);
  const question = { sender, goal: goal.code, needed: deps.mandated, answers, today };
  const findings =
    inspection.findings.length > 0 ? inspection.findings : await mandateFindings(deps.db, question, inspection.forms);
  const part = { name: file.name, part: file.part, content, inspection, ...(unzipped && { unzipped }) };
  return { part, faults: findings.map((finding) => faultOf(file, finding)) };
}

/** Every record has the day of its arrival. */
const daysIn = (sources: readonly Source[]) =>
  sources.flatMap(({ element, day }) => (day === RECEIVED_ON ? [] : [{ element, day }]));

type Opened =
  | {
      readonly kind: 'declaration';
      readonly content: BlobRef;
      readonly source: BlobSource;
      readonly unzipped?: PreparedContent;
    }
  | { readonly kind: 'fault'; readonly finding: Finding };

async function openDeclaration(
  file: SubmissionFile,
  goal: Goal,
  context: PrepareContext,
  deps: SubmissionDeps,
): Promise<Opened> {
  const { db, blobs } = deps;
  const came = await blobs.open(db, file.sha256);
  const zipped = looksZipped(await startOf(came));
  if (zipped && !goal.compressed) {
    return { kind: 'fault', finding: { code: '229', detail: `${goal.code} may not be sent compressed` } };
  }
  const result = zipped ? await unzip(came, goal.maxFileBytes, db, blobs) : undefined;
  if (result?.kind === 'fault') return result;
  const unzipped = result?.prepared;
  const source = unzipped ? await openPrepared(blobs, db, unzipped) : came;
  const ofRows = rowSource(deps, goal);
  const rows = ofRows && (await rowsIn(source, ofRows, context, deps));
  if (rows) return openRows(rows, ofRows, context.now, deps);
  return { kind: 'declaration', content: unzipped?.ref ?? file, source, ...(unzipped && { unzipped }) };
}

const startOf = (source: BlobSource) => buffer(streamOf(source, { start: 0, end: 64 }));

function rowSource({ sources }: SubmissionDeps, goal: Goal): RowSource | undefined {
  for (const { element, authority, csv } of sourcesOf(sources, goal.code)) if (csv) return { element, authority, csv };
  return undefined;
}

/** What there is of rows in it, when it is no XML. */
async function rowsIn(source: BlobSource, ofRows: RowSource, { signal }: PrepareContext, { readPdf }: SubmissionDeps) {
  const start = await startOf(source);
  if (looksLikeCsv(start)) return csvRows(streamOf(source), ofRows);
  if (looksLikePdf(start)) return pdfRows(source, ofRows, readPdf, signal);
  return undefined;
}

/** The declaration that rows stand for is kept, as what a ZIP holds is. */
async function openRows(rows: Rows, ofRows: RowSource, now: Date, { db, blobs }: SubmissionDeps): Promise<Opened> {
  if (rows.kind === 'fault') return rows;
  const prepared = await blobs.prepare(db, Readable.from(declarationOf(rows.rows, ofRows, now)));
  const finding = rows.fault();
  if (finding) return { kind: 'fault', finding };
  return {
    kind: 'declaration',
    content: prepared.ref,
    source: await openPrepared(blobs, db, prepared),
    unzipped: prepared,
  };
}

function faultOf(file: SubmissionFile, finding: Finding): ReceiptError {
  return { file: file.name, ...finding };
}
