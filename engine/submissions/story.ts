import type { Db } from '../store/database.ts';
import type { EventName } from './events.ts';
import type { Anomaly } from './forms.ts';
import {
  type EnvironmentCode,
  filesOf,
  findSubmission,
  type ReceiptError,
  type SubmissionFile,
  type SubmissionState,
} from './submissions.ts';

/** How one property of a signature came out, as its report says it. */
export interface CheckStory {
  readonly outcome: 'passed' | 'failed' | 'indeterminate';
  readonly detail: string;
}

/** The report on one signature file, as it was stored. */
export interface ReportStory {
  readonly verdict: 'valid' | 'invalid';
  readonly code: string | null;
  readonly integrity: CheckStory;
  readonly attributes: CheckStory;
  readonly algorithms: CheckStory;
  readonly chain: CheckStory;
  readonly validity: CheckStory;
  /** Absent in reports of releases that did not ask. */
  readonly revocation?: CheckStory & { readonly status: 'good' | 'revoked' | 'unknown' };
  readonly senderBinding: CheckStory;
  readonly form?: string;
  readonly digest?: string;
  readonly signatureAlgorithm?: string;
  readonly signingTime?: string;
  readonly signer?: { readonly subject: string; readonly issuer: string; readonly serial: string };
}

/** All signatures of a submission; `none` when it needed none and had none. */
export interface SignatureStory {
  readonly verdict: 'valid' | 'invalid' | 'none';
  readonly parts: readonly { readonly file: string; readonly report: ReportStory }[];
}

export interface FormStory {
  /** From 1, over all parts. */
  readonly index: number;
  readonly part: number;
  readonly outcome: 'accepted' | 'refused';
  readonly identification?: string;
  readonly quarter?: string;
  readonly nssoNumber?: string;
  readonly companyId?: string;
  readonly anomalies: readonly Anomaly[];
}

export interface EventStory {
  readonly at: string;
  readonly what: EventName;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** An answer in the sender's OUT folder. */
export interface AnswerStory {
  readonly goal: string;
  readonly stem: string;
  readonly sha256: string;
  readonly placedAt: string;
}

/** Everything that is known of a submission, in the order it happened. */
export interface SubmissionStory {
  readonly ticket: string;
  readonly stem: string;
  readonly sender: string;
  readonly goal: string;
  readonly channel: string;
  readonly environment: EnvironmentCode;
  readonly state: SubmissionState;
  readonly receivedAt: string;
  readonly files: readonly SubmissionFile[];
  readonly signature: SignatureStory;
  /** `resultCode` is null while nothing is decided. */
  readonly receipt: { readonly resultCode: 0 | 1 | null; readonly errors: readonly ReceiptError[] };
  readonly forms: readonly FormStory[];
  readonly answers: readonly AnswerStory[];
  readonly events: readonly EventStory[];
}

/** The whole story of a ticket; undefined when there is no such ticket. */
export async function storyOf(db: Db, ticket: string): Promise<SubmissionStory | undefined> {
  const submission = await findSubmission(db, ticket);
  if (!submission) return undefined;
  const { stem, sender, goal, channel, environment, state, resultCode, errors, receivedAt } = submission;
  return {
    ticket,
    stem,
    sender,
    goal,
    channel,
    environment,
    state,
    receivedAt: receivedAt.toISOString(),
    files: await filesOf(db, ticket),
    signature: signatureOf(submission.signature),
    receipt: { resultCode: resultCode ?? null, errors },
    forms: await formsOf(db, ticket),
    answers: await answersOf(db, ticket),
    events: await eventsOf(db, ticket),
  };
}

function signatureOf(stored: unknown): SignatureStory {
  const { verdict = 'none', parts = [] } = (stored ?? {}) as Partial<SignatureStory>;
  return { verdict, parts };
}

async function formsOf(db: Db, ticket: string): Promise<FormStory[]> {
  const rows = await db('forms').where({ ticket }).orderBy('form_index');
  return rows.map(({ form_index: index, part, outcome, facts, anomalies }) => {
    const { identification, quarter, nssoNumber, companyId } = JSON.parse(facts);
    const known = { identification, quarter, nssoNumber, companyId };
    return { index, part, outcome, ...known, anomalies: JSON.parse(anomalies) };
  });
}

async function answersOf(db: Db, ticket: string): Promise<AnswerStory[]> {
  const rows = await db('deliveries').where({ ticket }).orderBy('placed_at').orderBy('goal');
  return rows.map(({ goal, stem, sha256, placed_at: placedAt }) => ({ goal, stem, sha256, placedAt }));
}

/** What happened to a submission, in order. */
export async function eventsOf(db: Db, ticket: string): Promise<EventStory[]> {
  const rows = await db('events').where({ ticket }).orderBy('id');
  return rows.map(({ at, what, facts }) => ({ at, what, facts: JSON.parse(facts) }));
}
