import type { StoredForm } from '../submissions/forms.ts';
import type { InspectedPart } from './submissions.ts';
import type { Anomaly, FormFacts } from './xml/inspection.ts';

/** What is kept of a form beside its header: which file it is in, and the envelope it can be shown in alone. */
export interface KeptFacts extends FormFacts {
  readonly fileName: string;
  readonly contentSha256: string;
  readonly contentSize: number;
  /** Forms in the same file; the only one is shown as the whole file. */
  readonly siblings: number;
  readonly prologue: { readonly start: number; readonly end: number };
  readonly epilogue: { readonly start: number; readonly end: number };
}

export type JudgedForm = StoredForm<KeptFacts, Anomaly>;

/** Every form of the submission, numbered over all parts, with its outcome. */
export function formsOf(parts: readonly InspectedPart[]): JudgedForm[] {
  let formIndex = 0;
  return parts.flatMap((part) =>
    part.inspection.forms.map(({ anomalies, anomaliesTotal: _, blocking, ...facts }): JudgedForm => {
      formIndex += 1;
      const outcome = blocking ? 'refused' : 'accepted';
      return { formIndex, part: part.part, outcome, facts: { ...facts, ...placeOf(part) }, anomalies };
    }),
  );
}

function placeOf({ name, content, inspection }: InspectedPart) {
  return {
    fileName: name,
    contentSha256: content.sha256,
    contentSize: content.size,
    siblings: inspection.forms.length,
    prologue: inspection.prologue,
    epilogue: inspection.epilogue,
  };
}
