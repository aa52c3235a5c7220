import { addAllToOutbox } from '../../broker/outbox.ts';
import type { Stage } from '../../broker/pipeline.ts';
import { type Sources, sourcesOf } from '../../records/source.ts';
import type { SubmissionWork } from '../submissions.ts';

/** Forms whose records are taken in by one transaction. */
const FORMS_PER_MESSAGE = 10;

/** Queues the forms that hold records for lists; tests and simulations get into none. */
export function queueRecords(sources: Sources): Stage<SubmissionWork> {
  return async (work, { tx, now }) => {
    const { submission, forms } = work;
    const read = sourcesOf(sources, submission.goal);
    if (submission.environment !== 'R' || read.length === 0) return work;
    const refusedToo = read.some(({ outcomes }) => outcomes === 'all');
    const wanted = forms
      .filter(({ outcome }) => refusedToo || outcome === 'accepted')
      .map(({ formIndex }) => formIndex);
    await addAllToOutbox(tx, batches(submission.ticket, wanted), { now, sender: submission.sender });
    return work;
  };
}

function batches(ticket: string, wanted: readonly number[]) {
  return Array.from({ length: Math.ceil(wanted.length / FORMS_PER_MESSAGE) }, (_, batch) => {
    const formIndexes = wanted.slice(batch * FORMS_PER_MESSAGE, (batch + 1) * FORMS_PER_MESSAGE);
    return { kind: 'records.ready', id: `${ticket}:${formIndexes[0]}`, ticket, formIndexes } as const;
  });
}
