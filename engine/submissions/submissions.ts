import type { BlobRef } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { addRow, addRowOnce, change, findRow, findRows } from '../store/sql.ts';

export type SubmissionState = 'received' | 'refused' | 'cancelled' | 'handled';
export type EnvironmentCode = 'R' | 'T' | 'S';

/** One fault on a negative receipt: the code without its prefix, and what a person needs to mend it. */
export interface ReceiptError {
  readonly code: string;
  readonly detail: string;
  readonly file?: string;
  readonly element?: string;
  readonly parent?: string;
  readonly line?: number;
  readonly column?: number;
}

export interface Submission {
  readonly ticket: string;
  readonly sender: string;
  /** Goal, sender, date, sequence and environment as the GO named them; or the bare name of a malformed GO. */
  readonly stem: string;
  /** Tells the same content from other content under one stem. */
  readonly contentHash: string;
  readonly goal: string;
  readonly environment: EnvironmentCode;
  readonly channel: string;
  readonly state: SubmissionState;
  /** 1 accepted, 0 refused, undefined while not decided. */
  readonly resultCode?: 0 | 1;
  readonly errors: readonly ReceiptError[];
  /** `{ verdict, parts: [{ file, report }] }`; undefined when no signature was looked at. */
  readonly signature?: unknown;
  readonly receivedAt: Date;
}

export interface SubmissionFile {
  readonly name: string;
  readonly role: 'FI' | 'FS' | 'GO' | 'TD';
  readonly part: number;
  readonly sha256: string;
  readonly size: number;
}

/** A line of a listing. */
export interface SubmissionSummary {
  readonly ticket: string;
  readonly stem: string;
  readonly sender: string;
  readonly channel: string;
  readonly environment: EnvironmentCode;
  readonly goal: string;
  readonly state: SubmissionState;
  readonly resultCode: 0 | 1 | null;
  readonly receivedAt: string;
}

interface SubmissionRow {
  ticket: string;
  sender: string;
  stem: string;
  content_hash: string;
  goal: string;
  environment: EnvironmentCode;
  channel: string;
  state: SubmissionState;
  result_code: 0 | 1 | null;
  errors: string;
  signature: string | null;
  received_at: string;
}

/** Stores a new submission; false when the same sender, stem and content is there already. */
export async function addSubmission(tx: Db, submission: Submission): Promise<boolean> {
  return addRowOnce(tx, 'submissions', { ...toRow(submission) });
}

/** The submission of a ticket. */
export async function findSubmission(db: Db, ticket: string): Promise<Submission | undefined> {
  const row = await findRow<SubmissionRow>(db, 'submissions', { ticket });
  return row && fromRow(row);
}

/** The submissions of some tickets, in short, by ticket; a ticket that is nobody's is left out. */
export async function findSummaries(db: Db, tickets: readonly string[]): Promise<Map<string, SubmissionSummary>> {
  const rows = await db<SubmissionRow>('submissions').whereIn('ticket', tickets);
  return new Map(rows.map((row) => [row.ticket, summaryOf(row)]));
}

/** The submission that came from this sender under this stem with this content. */
export async function findSame(db: Db, sender: string, stem: string, hash: string): Promise<Submission | undefined> {
  const row = await db<SubmissionRow>('submissions').where({ sender, stem, content_hash: hash }).first();
  return row && fromRow(row);
}

/** Claims a stem for a ticket; false when another ticket holds it (protocol code 133). */
export async function claimStem(tx: Db, sender: string, stem: string, ticket: string): Promise<boolean> {
  return addRowOnce(tx, 'stems', { sender, stem, ticket });
}

/** The ticket of a set of this stem that was cancelled before its GO, the newest if there are several. */
export async function findCancelled(db: Db, sender: string, stem: string): Promise<string | undefined> {
  const row = await db<SubmissionRow>('submissions')
    .where({ sender, stem, state: 'cancelled' })
    .orderBy('received_at', 'desc')
    .first();
  return row?.ticket;
}

/** The ticket that holds a stem. */
export async function holderOfStem(db: Db, sender: string, stem: string): Promise<string | undefined> {
  return (await findRow<{ ticket: string }>(db, 'stems', { sender, stem }))?.ticket;
}

const DECIDE = `update submissions set state = ?, result_code = ?, errors = ? where ticket = ? and state = 'received'`;

/** Decides a submission that still waits: receipt and state; false, and nothing done, when it was decided before. */
export async function decide(
  tx: Db,
  ticket: string,
  outcome: { state: SubmissionState; resultCode: 0 | 1; errors: readonly ReceiptError[] },
): Promise<boolean> {
  const { state, resultCode, errors } = outcome;
  return (await change(tx, DECIDE, [state, resultCode, JSON.stringify(errors), ticket])) === 1;
}

export async function addFiles(tx: Db, ticket: string, files: readonly SubmissionFile[]): Promise<void> {
  for (const { name, role, part, sha256, size } of files) {
    await addRow(tx, 'submission_files', { ticket, name, role, part, sha256, size });
  }
}

/** Says which content a file that came zipped held, so that the store keeps it as long as the file. */
export async function nameContent(tx: Db, ticket: string, name: string, content: BlobRef): Promise<void> {
  await tx('submission_files').where({ ticket, name }).update({ content_sha256: content.sha256 });
}

/** The files of a submission: declarations first, in the order of their parts. */
export async function filesOf(db: Db, ticket: string): Promise<SubmissionFile[]> {
  const rows = await findRows<SubmissionFile>(db, 'submission_files', { ticket }, 'role, part');
  return rows.map(({ name, role, part, sha256, size }) => ({ name, role, part, sha256, size: Number(size) }));
}

/** Newest first; keyset paging by `after`, the last ticket of the page before. */
export async function listSubmissions(
  db: Db,
  query: { sender?: string; state?: string; limit: number; after?: string },
): Promise<SubmissionSummary[]> {
  const rows = db<SubmissionRow>('submissions').orderBy([
    { column: 'received_at', order: 'desc' },
    { column: 'ticket', order: 'desc' },
  ]);
  if (query.sender) rows.where('sender', query.sender);
  if (query.state) rows.where('state', query.state as SubmissionState);
  const last = query.after ? await findSubmission(db, query.after) : undefined;
  if (last) rows.whereRaw('(received_at, ticket) < (?, ?)', [last.receivedAt.toISOString(), last.ticket]);
  return (await rows.limit(query.limit)).map(summaryOf);
}

function summaryOf(row: SubmissionRow): SubmissionSummary {
  const { ticket, stem, sender, channel, environment, goal, state } = row;
  const outcome = { resultCode: row.result_code, receivedAt: row.received_at };
  return { ticket, stem, sender, channel, environment, goal, state, ...outcome };
}

const toRow = (submission: Submission): SubmissionRow => ({
  ticket: submission.ticket,
  sender: submission.sender,
  stem: submission.stem,
  content_hash: submission.contentHash,
  goal: submission.goal,
  environment: submission.environment,
  channel: submission.channel,
  state: submission.state,
  result_code: submission.resultCode ?? null,
  errors: JSON.stringify(submission.errors),
  signature: submission.signature === undefined ? null : JSON.stringify(submission.signature),
  received_at: submission.receivedAt.toISOString(),
});

const fromRow = (row: SubmissionRow): Submission => ({
  ticket: row.ticket,
  sender: row.sender,
  stem: row.stem,
  contentHash: row.content_hash,
  goal: row.goal,
  environment: row.environment,
  channel: row.channel,
  state: row.state,
  errors: JSON.parse(row.errors),
  receivedAt: new Date(row.received_at),
  ...(row.result_code === null ? {} : { resultCode: row.result_code }),
  ...(row.signature === null ? {} : { signature: JSON.parse(row.signature) }),
});
