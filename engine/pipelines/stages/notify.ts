import type { Stage } from '../../broker/pipeline.ts';
import type { SubmissionWork } from '../submissions.ts';
import { queueAnswer } from './queue-answer.ts';

/** Answers the forms of an accepted submission with one notification, anomalies and all. */
export const notify: Stage<SubmissionWork> = async (work, context) => {
  if (work.notification) await queueAnswer(context, work.submission, 'NOTI', work.notification);
  return work;
};
