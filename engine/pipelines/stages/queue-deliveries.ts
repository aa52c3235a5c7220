import { addAllToOutbox } from '../../broker/outbox.ts';
import type { Stage } from '../../broker/pipeline.ts';
import type { SubmissionWork } from '../submissions.ts';

/** Forms that are delivered in one transaction: a commit each would cost more than the delivery. */
const FORMS_PER_MESSAGE = 25;

/** Queues the copies of the accepted forms for their employers' mailboxes; tests and simulations reach no mailbox. */
export const queueDeliveries: Stage<SubmissionWork> = async (work, { tx, now }) => {
  const { submission, goal, forms } = work;
  if (submission.environment !== 'R' || !goal.recipients.includes('employer')) return work;
  const accepted = forms.filter(({ outcome }) => outcome === 'accepted').map(({ formIndex }) => formIndex);
  await addAllToOutbox(tx, batches(submission.ticket, accepted), { now, sender: submission.sender });
  return work;
};

function batches(ticket: string, accepted: readonly number[]) {
  return Array.from({ length: Math.ceil(accepted.length / FORMS_PER_MESSAGE) }, (_, batch) => {
    const formIndexes = accepted.slice(batch * FORMS_PER_MESSAGE, (batch + 1) * FORMS_PER_MESSAGE);
    return { kind: 'forms.accepted', id: `${ticket}:${formIndexes[0]}`, ticket, formIndexes } as const;
  });
}
