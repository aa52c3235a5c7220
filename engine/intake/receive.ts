import type { AnswerReady } from '../../schemas/messages.ts';
import { addToOutbox } from '../broker/outbox.ts';
import { EngineError } from '../core/errors.ts';
import { newTicket } from '../core/identifiers.ts';
import type { Logger } from '../core/logger.ts';
import { environmentOf } from '../landing/file-name.ts';
import { claimFiles, pendingArrivals } from '../landing/folder-files.ts';
import type { Arrival, OnArrival } from '../landing/folders.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { inTransaction } from '../store/transaction.ts';
import { buildAcrf } from '../submissions/acrf.ts';
import { addEvent } from '../submissions/events.ts';
import {
  addFiles,
  addSubmission,
  claimStem,
  decide,
  findSubmission,
  type ReceiptError,
  type Submission,
} from '../submissions/submissions.ts';
import { type EvaluateDeps, type Evaluation, evaluate, type ReceivedFile } from './evaluate.ts';

export interface ReceiveDeps extends EvaluateDeps {
  readonly blobs: BlobStore;
  readonly log: Logger;
  /** Called after a commit that added to the outbox. */
  readonly wake: () => void;
}

export interface Receiver {
  /**
   * Takes in what a GO releases or a TD cancels: submission, ticket and outbox row in one transaction.
   * The same files again give the same ticket and the same receipt. A refusal is an answer, not a failure:
   * only what the sender cannot help (store down, bug) is thrown, and then nothing has changed.
   */
  readonly receive: OnArrival;
  /** Takes in what a crash left between the GO and its submission; returns how many. */
  recover(): Promise<number>;
}

const ROUNDS = 5;

/** The one place where submissions begin. */
export function createReceiver(deps: ReceiveDeps): Receiver {
  async function receive(arrival: Arrival): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const evaluation = await evaluate(arrival, deps);
      if (evaluation.kind === 'gone') return;
      const ticket = await inTransaction(
        deps.db,
        (tx) => carryOut(tx, arrival, evaluation, deps),
        (result) => result !== undefined,
      );
      if (ticket !== undefined) return report(ticket, arrival, evaluation, deps);
    }
    throw new EngineError('store_unavailable', 'the set kept changing while it was read: send the GO again');
  }

  async function recover(): Promise<number> {
    const left = await pendingArrivals(deps.db);
    for (const arrival of left) await receive(arrival);
    return left.length;
  }

  return { receive, recover };
}

function report(ticket: string, arrival: Arrival, evaluation: Evaluation, deps: ReceiveDeps): void {
  const outcome = evaluation.kind === 'new' ? evaluation.state : evaluation.kind;
  const codes = evaluation.kind === 'new' ? evaluation.faults.map(({ code }) => code) : [];
  deps.log.info({ ticket, sender: arrival.sender, channel: arrival.channel, outcome, codes }, 'submission received');
  deps.wake();
}

/** Undefined when the files changed since they were judged: then nothing is kept, and they are judged again. */
async function carryOut(
  tx: Db,
  arrival: Arrival,
  evaluation: Exclude<Evaluation, { kind: 'gone' }>,
  deps: ReceiveDeps,
): Promise<string | undefined> {
  const ids = evaluation.files.map(({ file }) => file.id);
  if (!(await claimFiles(tx, ids))) return undefined;
  switch (evaluation.kind) {
    case 'new':
      return addNew(tx, arrival, evaluation, deps);
    case 'repeat':
      return repeat(tx, evaluation.ticket, deps);
    case 'withdraw':
      return withdraw(tx, evaluation, deps);
  }
}

async function addNew(
  tx: Db,
  arrival: Arrival,
  evaluation: Extract<Evaluation, { kind: 'new' }>,
  deps: ReceiveDeps,
): Promise<string | undefined> {
  const { stem, contentHash, goal, state, faults, signature } = evaluation;
  const submission: Submission = {
    ticket: newTicket(),
    sender: arrival.sender,
    stem,
    contentHash,
    goal,
    environment: environmentOf(arrival.folder),
    channel: arrival.channel,
    state,
    errors: faults,
    receivedAt: deps.clock(),
    ...(state === 'received' ? {} : { resultCode: 0 }),
    ...(signature ? { signature } : {}),
  };
  const { ticket } = submission;
  if (evaluation.claimsStem && !(await claimStem(tx, arrival.sender, stem, ticket))) return undefined;
  if (!(await addSubmission(tx, submission))) return undefined;
  await addFiles(tx, ticket, evaluation.files.map(storedFile));
  await tellStory(tx, submission, arrival);
  if (state === 'received') {
    const message = { kind: 'submission.received', id: ticket, ticket } as const;
    await addToOutbox(tx, message, { now: submission.receivedAt });
  } else {
    await answerNegatively(tx, submission, arrival.name, deps);
  }
  return ticket;
}

async function tellStory(tx: Db, submission: Submission, arrival: Arrival): Promise<void> {
  const { ticket, receivedAt, state, errors } = submission;
  const { channel, folder, name } = arrival;
  await addEvent(tx, ticket, receivedAt, 'received', { channel, folder, name });
  const signature = submission.signature as { verdict: string } | undefined;
  if (signature) await addEvent(tx, ticket, receivedAt, 'signature checked', { verdict: signature.verdict });
  const codes = errors.map(({ code }) => code);
  if (state === 'refused' || state === 'cancelled') await addEvent(tx, ticket, receivedAt, state, { codes });
}

async function answerNegatively(tx: Db, submission: Submission, fileName: string, deps: ReceiveDeps): Promise<void> {
  const { ticket, receivedAt: now, errors } = submission;
  const codes = [...new Set(errors.map(({ code }) => code))];
  const bytes = buildAcrf({ now, fileName, ticket, resultCode: 0, errors: codes, typeForm: 'FA' });
  const { sha256 } = await deps.blobs.put(tx, bytes);
  await addToOutbox(tx, answer(submission, 'ACRF', sha256, ticket), { now });
}

/** The message that makes the outbound side sign and place a document. */
function answer(submission: Submission, goal: 'ACRF' | 'NOTI', sha256: string, run: string): AnswerReady {
  const { ticket, sender, environment } = submission;
  return { kind: 'answer.ready', id: `${goal}:${run}`, ticket, sender, goal, environment, sha256 };
}

/** Places the answers again that the first time had; an undecided submission will get its receipt in time. */
async function repeat(tx: Db, ticket: string, deps: ReceiveDeps): Promise<string> {
  const now = deps.clock();
  await addEvent(tx, ticket, now, 'repeated');
  const submission = await findSubmission(tx, ticket);
  const placed = await tx('deliveries').where({ ticket });
  for (const { goal, sha256 } of submission ? placed : []) {
    await addToOutbox(tx, answer(submission!, goal, sha256, `${ticket}:${newTicket()}`), { now });
  }
  return ticket;
}

/** Cancels what was released but not yet checked. */
async function withdraw(
  tx: Db,
  evaluation: { readonly ticket: string; readonly files: readonly ReceivedFile[] },
  deps: ReceiveDeps,
): Promise<string | undefined> {
  const { ticket } = evaluation;
  const submission = await findSubmission(tx, ticket);
  if (submission?.state !== 'received') return undefined;
  const errors: ReceiptError[] = [{ code: '277', detail: 'cancelled by the sender' }];
  await decide(tx, ticket, { state: 'cancelled', resultCode: 0, errors });
  await addEvent(tx, ticket, deps.clock(), 'cancelled', { codes: ['277'] });
  await answerNegatively(tx, { ...submission, errors, receivedAt: deps.clock() }, evaluation.files[0]!.file.name, deps);
  return ticket;
}

const storedFile = ({ file, role, part }: ReceivedFile) => ({
  name: file.name,
  role,
  part,
  sha256: file.sha256,
  size: file.size,
});
