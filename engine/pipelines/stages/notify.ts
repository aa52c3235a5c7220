import type { Stage } from '../../broker/pipeline.ts';
import type { BlobStore } from '../../store/blobs.ts';
import { buildNoti } from '../../submissions/noti.ts';
import { formsOf } from '../judged-form.ts';
import type { SubmissionWork } from '../submissions.ts';
import { queueAnswer } from './queue-answer.ts';

/** Answers the forms of an accepted submission with one notification, anomalies and all. */
export function notify(blobs: BlobStore): Stage<SubmissionWork> {
  return async (work, context) => {
    const { submission, fileName } = work;
    const forms = formsOf(work.parts);
    const bytes = buildNoti({ now: context.now, fileName, ticket: submission.ticket, forms });
    await queueAnswer(context, submission, 'NOTI', await blobs.put(context.tx, bytes));
    return work;
  };
}
