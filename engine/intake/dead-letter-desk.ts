import type { Delivery } from '../broker/broker.ts';
import {
  type DeadLetter,
  type DeadLetterFilter,
  findDeadLetter,
  listDeadLetters,
  messageOfLetter,
  sendAgain,
  takeDeadLetter,
} from '../broker/dead-letters.ts';
import type { Fault } from '../broker/verdict.ts';
import { type AuditedAct, audit } from '../store/audit.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { inTransaction } from '../store/transaction.ts';
import { addEvent, type EventName } from '../submissions/events.ts';
import { type EventStory, eventsOf } from '../submissions/story.ts';
import { findSubmission, findSummaries, type SubmissionSummary } from '../submissions/submissions.ts';
import { type GiveUpDeps, refuseGivenUp } from './give-up.ts';

/** A dead letter and what is known of the submission it is about. */
export interface LetterCase {
  readonly letter: DeadLetter;
  /** Undefined when the letter cannot be read or is about another installation's submission. */
  readonly submission?: SubmissionSummary;
  /** The submission has its receipt: doing this work again could only make a second one, and is not done. */
  readonly answered: boolean;
  /** The letter is an answer that its sender never got: it can be replayed, but not discarded. */
  readonly owed: boolean;
}

/** Which letters are meant; `error` is a part of the reason, in any case. */
export interface LetterQuery extends DeadLetterFilter {
  readonly sender?: string;
  readonly goal?: string;
  readonly error?: string;
}

/** Why an operator decides about a letter, and who it is: both are kept in the submission's story. */
export interface Decision {
  readonly reason: string;
  readonly by: string;
  readonly now: Date;
}

const PAGE = 200;

/** The letters that match, oldest first, after the id `after`; read page by page. */
export async function* casesOf(db: Db, query: LetterQuery, after = 0): AsyncGenerator<LetterCase> {
  for (let last = after; ; ) {
    const letters = await listDeadLetters(db, PAGE, last, query);
    for (const found of await joined(db, letters)) if (matches(found, query)) yield found;
    const newest = letters.at(-1);
    if (!newest || letters.length < PAGE) return;
    last = newest.id;
  }
}

/** One letter. Throws not_found. */
export async function caseOf(db: Db, id: number): Promise<LetterCase> {
  return caseFor(db, await findDeadLetter(db, id));
}

/** What happened to the message of a letter: its failed attempts, its end, earlier decisions about it. */
export async function historyOf(db: Db, { letter, submission }: LetterCase): Promise<EventStory[]> {
  if (!submission) return [];
  const events = await eventsOf(db, submission.ticket);
  return events.filter(({ facts }) => facts['messageId'] === letter.messageId);
}

/**
 * Sends the message of a letter on its way again, once, and tells the submission's story why. A letter whose submission
 * is answered stays where it is; one that somebody else has dealt with is `gone`. Throws message_malformed.
 */
export function replayLetter(db: Db, id: number, decision: Decision) {
  return dealWith(db, id, async (tx, found) => {
    if (found.answered) return 'already answered' as const;
    await sendAgain(tx, found.letter, decision.now);
    await tell(tx, found, 'dead letter replayed', decision);
    return 'replayed' as const;
  });
}

/**
 * Forgets a letter, so that its message stays without effect, and tells the submission's story why. A submission that
 * still waited for a decision is refused with 163, and an answer that its sender never got stays: every end has an
 * answer.
 */
export function discardLetter(db: Db, id: number, decision: Decision, blobs: BlobStore) {
  return dealWith(db, id, async (tx, found) => {
    if (found.owed) return 'still owed' as const;
    await tell(tx, found, 'dead letter discarded', decision);
    if (found.letter.queue === 'submissions' && !found.answered) await refuse(tx, found, decision, blobs);
    return 'discarded' as const;
  });
}

/** What can come of a decision; the letter stays with the first two. */
type Outcome = 'already answered' | 'still owed' | 'replayed' | 'discarded';

/** Takes the letter and does with it what was decided, in one transaction; `gone` when somebody else has dealt with it. */
function dealWith(db: Db, id: number, decide: (tx: Db, found: LetterCase) => Promise<Outcome>) {
  return inTransaction(
    db,
    async (tx) => {
      const letter = await takeDeadLetter(tx, id);
      return letter ? decide(tx, await caseFor(tx, letter)) : ('gone' as const);
    },
    (outcome) => outcome === 'replayed' || outcome === 'discarded',
  );
}

async function refuse(
  tx: Db,
  { submission: about }: LetterCase,
  { now, by }: Decision,
  blobs: BlobStore,
): Promise<void> {
  const submission = about && (await findSubmission(tx, about.ticket));
  if (!submission) return;
  const deps: GiveUpDeps = { blobs, by, clock: () => now, wake: () => undefined }; // no relay runs in the command line
  await refuseGivenUp(tx, submission, deps);
}

/** Notes a failed attempt in the story of its submission, so that a dead letter has its history. */
export async function noteFailure(tx: Db, { message, attempt }: Delivery, fault: Fault, now: Date): Promise<void> {
  const { ticket, kind, id: messageId } = message;
  if (!(await findSummaries(tx, [ticket])).has(ticket)) return; // of another installation
  await addEvent(tx, ticket, now, 'attempt failed', { kind, messageId, attempt, ...fault });
}

type Told = Extract<EventName, AuditedAct>;

async function tell(tx: Db, { letter, submission }: LetterCase, what: Told, decision: Decision): Promise<void> {
  const { reason, by, now } = decision;
  const { id: deadLetter, messageId, queue, reason: error, code } = letter;
  const subject = submission?.ticket ?? messageId;
  const facts = { deadLetter, messageId, queue, ...(code && { code }), error, reason };
  await audit(tx, { at: now, who: by, what, subject, outcome: 'done', facts });
  if (!submission) return;
  await addEvent(tx, submission.ticket, now, what, { ...facts, by });
}

async function caseFor(db: Db, letter: DeadLetter): Promise<LetterCase> {
  const [found] = await joined(db, [letter]);
  return found ?? { letter, answered: false, owed: false };
}

async function joined(db: Db, letters: readonly DeadLetter[]): Promise<LetterCase[]> {
  const tickets = letters.map(({ message }) => messageOfLetter(message)?.ticket);
  const submissions = await findSummaries(db, [...new Set(tickets.filter((ticket) => ticket !== undefined))]);
  const placed = await placedAnswers(db, [...submissions.keys()]);
  return letters.map((letter, at) => {
    const submission = submissions.get(tickets[at] ?? '');
    if (!submission) return { letter, answered: false, owed: false };
    const answered = letter.queue === 'submissions' && submission.state !== 'received';
    const answer = messageOfLetter(letter.message);
    const owed = answer?.kind === 'answer.ready' && !placed.has(`${answer.ticket} ${answer.goal}`);
    return { letter, submission, answered, owed };
  });
}

/** The answers to these submissions that have been placed, as `ticket goal`. */
async function placedAnswers(db: Db, tickets: readonly string[]): Promise<Set<string>> {
  const rows = await db('deliveries').select('ticket', 'goal').whereIn('ticket', tickets);
  return new Set(rows.map(({ ticket, goal }) => `${ticket} ${goal}`));
}

function matches({ letter, submission }: LetterCase, { sender, goal, error }: LetterQuery): boolean {
  return (
    (sender === undefined || (submission?.sender ?? letter.sender) === sender) &&
    (goal === undefined || submission?.goal === goal) &&
    (error === undefined || letter.reason.toLowerCase().includes(error.toLowerCase()))
  );
}
