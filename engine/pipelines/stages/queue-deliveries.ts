import { addAllToOutbox } from '../../broker/outbox.ts';
import type { Stage } from '../../broker/pipeline.ts';
import { formsOf } from '../judged-form.ts';
import type { SubmissionWork } from '../submissions.ts';

/** Queues the copy of each accepted form for its employer's mailbox; tests and simulations reach no mailbox. */
export const queueDeliveries: Stage<SubmissionWork> = async (work, { tx, now }) => {
  const { submission, goal } = work;
  if (submission.environment !== 'R' || !goal.recipients.includes('employer')) return work;
  const { ticket } = submission;
  const messages = formsOf(work.parts)
    .filter(({ outcome }) => outcome === 'accepted')
    .map(({ formIndex }) => ({ kind: 'form.accepted', id: `${ticket}:${formIndex}`, ticket, formIndex }) as const);
  await addAllToOutbox(tx, messages, { now });
  return work;
};
