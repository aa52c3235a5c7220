import type { Stage } from '../../broker/pipeline.ts';
import { addEvent } from '../../submissions/events.ts';
import { addForms } from '../../submissions/forms.ts';
import type { SubmissionWork } from '../submissions.ts';

/** Records each form with its outcome: a form with a blocking anomaly is refused, its neighbours are not. */
export const splitForms: Stage<SubmissionWork> = async (work, { tx, now }) => {
  const { ticket } = work.submission;
  const { forms } = work;
  await addForms(tx, ticket, forms);
  const accepted = forms.filter(({ outcome }) => outcome === 'accepted').length;
  const anomalies = forms.reduce((sum, { facts }) => sum + facts.anomaliesTotal, 0);
  await addEvent(tx, ticket, now, 'forms checked', { accepted, refused: forms.length - accepted, anomalies });
  return work;
};
