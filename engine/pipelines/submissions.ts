import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { SubmissionReceived } from '../../schemas/messages.ts';
import type { Pipeline, PrepareContext, Stages, Work } from '../broker/pipeline.ts';
import { done, reject, type Verdict } from '../broker/verdict.ts';
import type { Sources } from '../records/source.ts';
import { type Goal, type Goals, goalOf } from '../registry/goals.ts';
import { findSender, type Sender } from '../registry/senders.ts';
import type { BlobRef, BlobStore, PreparedContent } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { notiChunks } from '../submissions/noti.ts';
import {
  filesOf,
  findSubmission,
  type ReceiptError,
  type Submission,
  type SubmissionFile,
} from '../submissions/submissions.ts';
import type { Infected, ScanSet } from './antivirus/scan-set.ts';
import { examineCorrections } from './corrections/examine-corrections.ts';
import { inspectPart, type PartRequest } from './inspect-part.ts';
import { formsOf, type JudgedForm, notified } from './judged-form.ts';
import { examineAnswers } from './records/examine-answers.ts';
import type { ReadPdf } from './rows/pdf-reader.ts';
import { answerFormally } from './stages/answer-formally.ts';
import { notify } from './stages/notify.ts';
import { quarantineInfected } from './stages/quarantine-infected.ts';
import { queueDeliveries } from './stages/queue-deliveries.ts';
import { queueRecords } from './stages/queue-records.ts';
import { splitForms } from './stages/split-forms.ts';
import type { Inspect, Inspection } from './xml/inspection.ts';

/** One declaration file of a submission with all that was found in it. */
export interface InspectedPart {
  readonly name: string;
  readonly part: number;
  /** The declaration itself: the file as it came, what its ZIP held, or what its rows stand for. */
  readonly content: BlobRef;
  /** That declaration, to be kept; absent when the file came as it is. */
  readonly unzipped?: PreparedContent;
  readonly inspection: Inspection;
}

/** A submission on its way through the checks. */
export interface SubmissionWork extends Work {
  readonly submission: Submission;
  /** The name the receipt calls it by: that of its GO. */
  readonly fileName: string;
  readonly goal: Goal;
  readonly parts: readonly InspectedPart[];
  /** The forms of all parts; none when there are formal faults. */
  readonly forms: readonly JudgedForm[];
  /** Formal faults of all parts; any makes the receipt negative. */
  readonly faults: readonly ReceiptError[];
  /** Files that a virus was found in; then nothing else was looked at. */
  readonly infected: readonly Infected[];
  /** The answer to its forms; not there when there are formal faults. */
  readonly notification?: PreparedContent;
}

export interface SubmissionDeps {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly goals: Goals;
  readonly inspect: Inspect;
  readonly readPdf: ReadPdf;
  /** Qualities that declare with a mandate only, or for their own organisation. */
  readonly mandated: readonly string[];
  /** Scans for viruses before anything else is done; nothing is scanned when absent. */
  readonly scan?: ScanSet | undefined;
  /** What forms hold for lists. */
  readonly sources: Sources;
}

const STAGES = ({ blobs, sources }: SubmissionDeps): Stages<SubmissionWork> => ({
  quarantineInfected,
  answerFormally: answerFormally(blobs),
  splitForms: splitForms(blobs),
  notify: notify(blobs),
  queueDeliveries,
  queueRecords: queueRecords(sources),
});

/** Formal checks → receipt → split into forms → functional checks → notification → deliveries (design §3). */
export function submissionsPipeline(deps: SubmissionDeps): Pipeline<SubmissionReceived, SubmissionWork> {
  return {
    kind: 'submission.received',
    queue: 'submissions',
    prepare: ({ ticket }, context) => inspectSubmission(ticket, context, deps),
    stages: STAGES(deps),
  };
}

/** Reads every declaration of the submission once; no transaction is open meanwhile, however large it is. */
async function inspectSubmission(
  ticket: string,
  context: PrepareContext,
  deps: SubmissionDeps,
): Promise<SubmissionWork | Verdict> {
  const submission = await findSubmission(deps.db, ticket);
  if (!submission) return reject('there is no such submission', 'not_found');
  if (submission.state !== 'received') return done;
  const goal = goalOf(deps.goals, submission.goal);
  const sender = await findSender(deps.db, submission.sender);
  if (!goal || !sender) {
    const reason = `goal ${submission.goal} or sender ${submission.sender} is no longer configured`;
    return reject(reason, 'not_found');
  }
  const files = await filesOf(deps.db, ticket);
  const fileName = files.find(({ role }) => role === 'GO')?.name ?? submission.stem;
  const scanned = await deps.scan?.(files, context);
  if (scanned && scanned.kind !== 'scanned') return scanned;
  const infected = scanned?.infected ?? [];
  const base = { kind: 'work', submission, fileName, goal, infected } as const;
  if (infected.length > 0) return { ...base, parts: [], forms: [], faults: infected.map(virusFault) };
  const { parts: inspected, faults } = await inspectParts(files, { goal, sender, submission }, context, deps);
  const parts = faults.length > 0 ? inspected : await examine(inspected, goal, sender, deps);
  const forms = faults.length > 0 ? [] : formsOf(parts);
  const work = { ...base, parts, forms, faults };
  return faults.length > 0 ? work : { ...work, notification: await prepareNotification(work, context.now, deps) };
}

/** What forms say of others that the engine knows. */
async function examine(parts: readonly InspectedPart[], { code }: Goal, sender: Sender, deps: SubmissionDeps) {
  const examined = await examineAnswers(deps, code, parts);
  return examineCorrections(deps, code, examined, sender.enterpriseNumber);
}

/** The protocol has no code of its own for it. */
function virusFault({ file, signature }: Infected): ReceiptError {
  return { code: '163', detail: `the virus scanner found ${signature}`, file: file.name };
}

async function inspectParts(
  files: readonly SubmissionFile[],
  request: Omit<PartRequest, 'file'>,
  context: PrepareContext,
  deps: SubmissionDeps,
) {
  const parts: InspectedPart[] = [];
  const faults: ReceiptError[] = [];
  for (const file of files.filter(({ role }) => role === 'FI')) {
    const inspected = await inspectPart({ ...request, file }, context, deps);
    faults.push(...inspected.faults);
    if (inspected.part) parts.push(inspected.part);
  }
  const forms = parts.reduce((sum, { inspection }) => sum + inspection.forms.length, 0);
  const { maxForms } = request.goal;
  if (forms > maxForms) faults.push({ code: '172', detail: `more than ${maxForms} forms in all parts together` });
  return { parts, faults };
}

/** Written before the transaction, however large it is: content has no effect until a row names it. */
function prepareNotification(work: SubmissionWork, now: Date, { db, blobs }: SubmissionDeps): Promise<PreparedContent> {
  const { fileName, submission, forms } = work;
  const chunks = notiChunks({ now, fileName, ticket: submission.ticket, forms: forms.map(notified) });
  return blobs.prepare(db, Readable.from(inTurns(chunks), { highWaterMark: 1 }));
}

/** A piece at a time, so that thousands of forms of one sender hold nobody else up. */
async function* inTurns<T>(pieces: Iterable<T>): AsyncGenerator<T> {
  for (const piece of pieces) {
    yield piece;
    await turn();
  }
}
