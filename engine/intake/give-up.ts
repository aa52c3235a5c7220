import type { Message } from '../../schemas/messages.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { addEvent } from '../submissions/events.ts';
import { decide, findSubmission, type ReceiptError } from '../submissions/submissions.ts';
import { answerNegatively } from './negative-receipt.ts';

export interface GiveUpDeps {
  readonly blobs: BlobStore;
  /** Called after the outbox got something; the transaction may not have committed yet. */
  readonly wake: () => void;
}

/**
 * Answers for a message that is given up, in the transaction that buries it. A submission that could not be checked
 * is refused with 163, so that its sender knows; what was decided before stays. The dead letter has the reason.
 */
export async function giveUp(tx: Db, message: Message, now: Date, { blobs, wake }: GiveUpDeps): Promise<void> {
  const submission = await findSubmission(tx, message.ticket);
  if (!submission) return; // a message of another installation: its dead letter says all there is to say
  await addEvent(tx, message.ticket, now, 'given up', { kind: message.kind, messageId: message.id });
  if (message.kind !== 'submission.received') return;
  const errors: ReceiptError[] = [{ code: '163', detail: 'the submission could not be processed' }];
  if (!(await decide(tx, message.ticket, { state: 'refused', resultCode: 0, errors }))) return;
  await addEvent(tx, message.ticket, now, 'refused', { codes: ['163'] });
  await answerNegatively(tx, { ...submission, errors }, `GO.${submission.stem}`, now, blobs);
  wake();
}
