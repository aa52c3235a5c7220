import type { Stage } from '../../broker/pipeline.ts';
import { addEvent } from '../../submissions/events.ts';
import { addForms } from '../../submissions/forms.ts';
import { formsOf } from '../judged-form.ts';
import type { SubmissionWork } from '../submissions.ts';

/** Records each form with its outcome: a form with a blocking anomaly is refused, its neighbours are not. */
export const splitForms: Stage<SubmissionWork> = async (work, { tx, now }) => {
  const { ticket } = work.submission;
  const forms = formsOf(work.parts);
  await addForms(tx, ticket, forms);
  const accepted = forms.filter(({ outcome }) => outcome === 'accepted').length;
  const anomalies = forms.reduce((sum, { anomalies: found }) => sum + found.length, 0);
  await addEvent(tx, ticket, now, 'forms checked', { accepted, refused: forms.length - accepted, anomalies });
  return work;
};
