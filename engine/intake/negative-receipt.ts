import type { AnswerReady } from '../../schemas/messages.ts';
import { addToOutbox } from '../broker/outbox.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { buildAcrf } from '../submissions/acrf.ts';
import type { Submission } from '../submissions/submissions.ts';

/** Writes the negative receipt of a submission and queues it, in the caller's transaction; each code once. */
export async function answerNegatively(
  tx: Db,
  submission: Submission,
  fileName: string,
  now: Date,
  blobs: BlobStore,
): Promise<void> {
  const { ticket } = submission;
  const errors = [...new Set(submission.errors.map(({ code }) => code))];
  const bytes = buildAcrf({ now, fileName, ticket, resultCode: 0, errors, typeForm: 'FA' });
  const { sha256 } = await blobs.put(tx, bytes);
  await addToOutbox(tx, answerMessage(submission, 'ACRF', sha256, ticket), { now, sender: submission.sender });
}

/** The message that makes the outbound side sign and place a document; `run` tells one placing from another. */
export function answerMessage(submission: Submission, goal: 'ACRF' | 'NOTI', sha256: string, run: string): AnswerReady {
  const { ticket, sender, environment } = submission;
  return { kind: 'answer.ready', id: `${goal}:${run}`, ticket, sender, goal, environment, sha256 };
}
