import type { Stage } from '../../broker/pipeline.ts';
import type { BlobStore } from '../../store/blobs.ts';
import type { SubmissionWork } from '../submissions.ts';
import { queueAnswer } from './queue-answer.ts';

/** Answers the forms of an accepted submission with one notification, anomalies and all. */
export function notify(blobs: BlobStore): Stage<SubmissionWork> {
  return async (work, context) => {
    const { submission, notification } = work;
    if (notification) await queueAnswer(context, submission, 'NOTI', await blobs.keep(context.tx, notification));
    return work;
  };
}
