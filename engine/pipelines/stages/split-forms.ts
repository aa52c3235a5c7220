import type { Stage } from '../../broker/pipeline.ts';
import type { BlobStore } from '../../store/blobs.ts';
import type { Db } from '../../store/database.ts';
import { addEvent } from '../../submissions/events.ts';
import { addForms } from '../../submissions/forms.ts';
import { nameContent } from '../../submissions/submissions.ts';
import type { SubmissionWork } from '../submissions.ts';

/** Records each form with its outcome: a form with a blocking anomaly is refused, its neighbours are not. */
export function splitForms(blobs: BlobStore): Stage<SubmissionWork> {
  return async (work, { tx, now }) => {
    const { ticket } = work.submission;
    const { forms } = work;
    await keepUnzipped(work, tx, blobs);
    await addForms(tx, ticket, forms);
    const accepted = forms.filter(({ outcome }) => outcome === 'accepted').length;
    const anomalies = forms.reduce((sum, { facts }) => sum + facts.anomaliesTotal, 0);
    await addEvent(tx, ticket, now, 'forms checked', { accepted, refused: forms.length - accepted, anomalies });
    return work;
  };
}

/** The forms are shown from what the ZIP held. */
async function keepUnzipped({ submission, parts }: SubmissionWork, tx: Db, blobs: BlobStore): Promise<void> {
  for (const { name, unzipped } of parts) {
    if (unzipped) await nameContent(tx, submission.ticket, name, await blobs.keep(tx, unzipped));
  }
}
