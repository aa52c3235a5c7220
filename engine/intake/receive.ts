import { addToOutbox } from '../broker/outbox.ts';
import { EngineError } from '../core/errors.ts';
import { newTicket } from '../core/identifiers.ts';
import type { Logger } from '../core/logger.ts';
import type { Telemetry } from '../core/telemetry.ts';
import { environmentOf } from '../landing/file-name.ts';
import { claimFiles } from '../landing/folder-files.ts';
import type { Arrival, OnArrival } from '../landing/folders.ts';
import { pendingArrivals } from '../landing/pending-arrivals.ts';
import { audit } from '../store/audit.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { inTransaction } from '../store/transaction.ts';
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
import { answerMessage, answerNegatively } from './negative-receipt.ts';

export interface ReceiveDeps extends EvaluateDeps {
  readonly blobs: BlobStore;
  readonly log: Logger;
  readonly telemetry?: Telemetry;
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
  /** Takes in every GO and TD that has lain in its folder for `quietMs`: what a crash or an outage left there. */
  recover(quietMs: number, signal?: AbortSignal): Promise<void>;
}

/** Why an arrival was not taken in, and whose it is. */
interface Failed {
  readonly err: unknown;
  readonly sender: string;
}

const ROUNDS = 5;

/** The one place where submissions begin. */
export function createReceiver(deps: ReceiveDeps): Receiver {
  async function receive(arrival: Arrival): Promise<string | undefined> {
    const started = performance.now();
    const ticket = await takeIn(arrival);
    deps.telemetry?.time('bode_receive_seconds', {}, performance.now() - started);
    return ticket;
  }

  async function takeIn(arrival: Arrival): Promise<string | undefined> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const evaluation = await evaluate(arrival, deps);
      if (evaluation.kind === 'gone') return undefined;
      const ticket = await inTransaction(
        deps.db,
        (tx) => carryOut(tx, arrival, evaluation, deps),
        (result) => result !== undefined,
      );
      if (ticket === undefined) continue;
      report(ticket, arrival, evaluation, deps);
      return ticket;
    }
    throw new EngineError('store_unavailable', 'the set kept changing while it was read: send the GO again');
  }

  async function recover(quietMs: number, signal?: AbortSignal): Promise<void> {
    const before = new Date(deps.clock().getTime() - quietMs);
    const failed: Failed[] = [];
    for await (const arrival of pendingArrivals(deps.db, before)) {
      if (signal?.aborted) break;
      // one that cannot be taken in must not keep the others, or the engine, waiting: it is tried again next time
      await receive(arrival).catch((err: unknown) => failed.push({ err, sender: arrival.sender }));
    }
    const [first] = failed;
    if (first) deps.log.error({ ...first, arrivals: failed.length }, 'arrivals not taken in'); // the names may hold an INSS number
  }

  return { receive, recover };
}

function report(ticket: string, arrival: Arrival, evaluation: Evaluation, deps: ReceiveDeps): void {
  const outcome = evaluation.kind === 'new' ? evaluation.state : evaluation.kind;
  const codes = evaluation.kind === 'new' ? evaluation.faults.map(({ code }) => code) : [];
  deps.log.info({ ticket, sender: arrival.sender, channel: arrival.channel, outcome, codes }, 'submission received');
  deps.wake();
}

/** What carrying an evaluation out needs. */
export interface CarryOutDeps extends Pick<ReceiveDeps, 'blobs' | 'clock'> {
  /** Who brings it about; the sender when absent. */
  readonly by?: 'engine';
}

/**
 * Does what an evaluation says, in the caller's transaction, and gives the ticket that it is about. Undefined when the
 * files changed since they were judged: then the caller must roll back, and have them judged again.
 */
export async function carryOut(
  tx: Db,
  arrival: Arrival,
  evaluation: Exclude<Evaluation, { kind: 'gone' }>,
  deps: CarryOutDeps,
): Promise<string | undefined> {
  const ids = evaluation.files.map(({ file }) => file.id);
  if (!(await claimFiles(tx, ids, deps.clock()))) return undefined;
  switch (evaluation.kind) {
    case 'new':
      return addNew(tx, arrival, evaluation, deps);
    case 'repeat':
      return repeat(tx, evaluation, arrival, deps);
    case 'withdraw':
      return withdraw(tx, evaluation, deps);
  }
}

async function addNew(
  tx: Db,
  arrival: Arrival,
  evaluation: Extract<Evaluation, { kind: 'new' }>,
  deps: CarryOutDeps,
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
  await auditArrival(tx, submission, arrival, deps.by);
  if (state === 'received') {
    const message = { kind: 'submission.received', id: ticket, ticket } as const;
    await addToOutbox(tx, message, { now: submission.receivedAt, sender: arrival.sender });
  } else {
    await answerNegatively(tx, submission, arrival.name, submission.receivedAt, deps.blobs);
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

async function auditArrival(
  tx: Db,
  submission: Submission,
  { channel, name }: Arrival,
  by = submission.sender,
): Promise<void> {
  const { ticket, receivedAt: at, sender, stem, state, errors } = submission;
  const signature = (submission.signature as { verdict: string } | undefined)?.verdict;
  const codes = [...new Set(errors.map(({ code }) => code))];
  const facts = { sender, stem, channel, name, signature, codes };
  await audit(tx, { at, who: by, what: 'submission received', subject: ticket, outcome: state, facts });
}

/** Places the answers again that the first time had; an undecided submission will get its receipt in time. */
async function repeat(
  tx: Db,
  { ticket }: { readonly ticket: string },
  { sender: who, channel, name }: Arrival,
  deps: CarryOutDeps,
): Promise<string> {
  const now = deps.clock();
  const outcome = name.startsWith('TD') ? 'too late to cancel' : 'repeated';
  await addEvent(tx, ticket, now, outcome, { name });
  await audit(tx, { at: now, who, what: 'submission received', subject: ticket, outcome, facts: { name, channel } });
  const submission = await findSubmission(tx, ticket);
  const placed = await tx('deliveries').where({ ticket });
  for (const { goal, sha256 } of submission ? placed : []) {
    await addToOutbox(tx, answerMessage(submission!, goal, sha256, `${ticket}:${newTicket()}`), {
      now,
      sender: submission!.sender,
    });
  }
  return ticket;
}

/** Cancels what was released but not yet checked. */
async function withdraw(
  tx: Db,
  evaluation: { readonly ticket: string; readonly files: readonly ReceivedFile[] },
  deps: CarryOutDeps,
): Promise<string | undefined> {
  const { ticket } = evaluation;
  const submission = await findSubmission(tx, ticket);
  const errors: ReceiptError[] = [{ code: '277', detail: 'cancelled by the sender' }];
  if (!submission || !(await decide(tx, ticket, { state: 'cancelled', resultCode: 0, errors }))) return undefined;
  const now = deps.clock();
  await addEvent(tx, ticket, now, 'cancelled', { codes: ['277'] });
  const { sender: who, stem } = submission;
  const facts = { stem, codes: ['277'] };
  await audit(tx, { at: now, who, what: 'submission decided', subject: ticket, outcome: 'cancelled', facts });
  await answerNegatively(tx, { ...submission, errors }, evaluation.files[0]!.file.name, now, deps.blobs);
  return ticket;
}

const storedFile = ({ file, role, part }: ReceivedFile) => ({
  name: file.name,
  role,
  part,
  sha256: file.sha256,
  size: file.size,
});
