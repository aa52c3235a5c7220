import { addToOutbox } from '../../broker/outbox.ts';
import type { StageContext } from '../../broker/pipeline.ts';
import type { BlobRef } from '../../store/blobs.ts';
import type { Submission } from '../../submissions/submissions.ts';

/** Hands a document to the outbound side, in the transaction that made it. */
export async function queueAnswer(
  { tx, now }: StageContext,
  submission: Submission,
  goal: 'ACRF' | 'NOTI',
  document: BlobRef,
): Promise<void> {
  const { ticket, sender, environment } = submission;
  const id = `${goal}:${ticket}`;
  const { sha256 } = document;
  await addToOutbox(tx, { kind: 'answer.ready', id, ticket, sender, goal, environment, sha256 }, { now, sender });
}
