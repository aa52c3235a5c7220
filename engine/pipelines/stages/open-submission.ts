import type { Stage } from '../../broker/pipeline.ts';
import { done } from '../../broker/verdict.ts';
import { findSubmission } from '../../submissions/submissions.ts';
import type { SubmissionWork } from '../submissions.ts';

/** Goes on only if the submission still waits for its checks: it may have been cancelled while it was being read. */
export const openSubmission: Stage<SubmissionWork> = async (work, { tx }) => {
  const submission = await findSubmission(tx, work.submission.ticket);
  return submission?.state === 'received' ? { ...work, submission } : done;
};
