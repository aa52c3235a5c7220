import type { Message } from '../../schemas/messages.ts';
import { overdueLetters, setAnswerBy, takeAnswerDuty } from '../broker/given-up.ts';
import type { Clock } from '../core/clock.ts';
import { audit } from '../store/audit.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { inTransaction } from '../store/transaction.ts';
import { addEvent } from '../submissions/events.ts';
import { decide, findSubmission, type ReceiptError, type Submission } from '../submissions/submissions.ts';
import { answerNegatively } from './negative-receipt.ts';

export interface GiveUpDeps {
  readonly blobs: BlobStore;
  readonly clock: Clock;
  /** Called after the outbox got something; the transaction may not have committed yet. */
  readonly wake: () => void;
  /** Who decides; the engine when absent. */
  readonly by?: string;
}

/**
 * Creates what is done about a message that is given up, in the transaction that buries it: its story says so, and a
 * submission that could not be checked is refused after `waitMs` unless an operator decides before (`bode dead`).
 */
export function noteGivenUp(deps: GiveUpDeps & { readonly waitMs: number }) {
  return async (tx: Db, message: Message): Promise<void> => {
    const { ticket, kind, id: messageId } = message;
    const submission = await findSubmission(tx, ticket);
    if (!submission) return; // a message of another installation: its dead letter says all there is to say
    const now = deps.clock();
    const answers = kind === 'submission.received' && submission.state === 'received';
    const answerBy = new Date(now.getTime() + deps.waitMs);
    const facts = { kind, messageId, ...(answers ? { answerBy: answerBy.toISOString() } : {}) };
    await addEvent(tx, ticket, now, 'given up', facts);
    await audit(tx, {
      at: now,
      who: 'engine',
      what: 'work given up',
      subject: ticket,
      outcome: kind,
      facts: { messageId },
    });
    if (!answers) return;
    if (deps.waitMs > 0) return setAnswerBy(tx, 'submissions', messageId, answerBy);
    await refuseGivenUp(tx, submission, deps);
  };
}

/** Refuses a submission that was given up with 163, so that its sender knows; what was decided before stays. */
export async function refuseGivenUp(tx: Db, submission: Submission, deps: GiveUpDeps): Promise<void> {
  const { ticket, stem } = submission;
  const errors: ReceiptError[] = [{ code: '163', detail: 'the submission could not be processed' }];
  if (!(await decide(tx, ticket, { state: 'refused', resultCode: 0, errors }))) return;
  const now = deps.clock();
  const facts = { stem, codes: ['163'] };
  await addEvent(tx, ticket, now, 'refused', { codes: ['163'] });
  await audit(tx, {
    at: now,
    who: deps.by ?? 'engine',
    what: 'submission decided',
    subject: ticket,
    outcome: 'refused',
    facts,
  });
  await answerNegatively(tx, { ...submission, errors }, `GO.${stem}`, now, deps.blobs);
  deps.wake();
}

const PAGE = 100;

/** Refuses every given-up submission that nobody has decided about in time; returns how many. Safe to run anywhere, at any time. */
export async function answerGivenUp(
  deps: GiveUpDeps & { readonly db: Db; readonly signal: AbortSignal },
): Promise<number> {
  let answered = 0;
  for (let page = [0]; page.length > 0 && !deps.signal.aborted; answered += page.length) {
    page = await overdueLetters(deps.db, deps.clock(), PAGE);
    for (const id of page) await inTransaction(deps.db, (tx) => answerLetter(tx, id, deps));
  }
  return answered;
}

async function answerLetter(tx: Db, id: number, deps: GiveUpDeps): Promise<void> {
  const ticket = await takeAnswerDuty(tx, id);
  const submission = ticket === undefined ? undefined : await findSubmission(tx, ticket);
  if (submission) await refuseGivenUp(tx, submission, deps);
}
