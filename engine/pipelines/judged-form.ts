import type { Anomaly, StoredForm } from '../submissions/forms.ts';
import type { InspectedPart } from './submissions.ts';
import type { FormFacts } from './xml/inspection.ts';

/** What is kept of a form beside its header: which file it is in, and the envelope it can be shown in alone. */
export interface KeptFacts extends FormFacts {
  readonly fileName: string;
  readonly contentSha256: string;
  readonly contentSize: number;
  /** How many anomalies it has; only the first are kept one by one. */
  readonly anomaliesTotal: number;
  /** Forms in the same file; the only one is shown as the whole file. */
  readonly siblings: number;
  readonly prologue: { readonly start: number; readonly end: number };
  readonly epilogue: { readonly start: number; readonly end: number };
}

export type JudgedForm = StoredForm<KeptFacts, Anomaly>;

/** A form as its notification shows it. */
export function notified({ facts, anomalies, outcome }: JudgedForm) {
  return { facts, anomalies, outcome, anomaliesTotal: facts.anomaliesTotal };
}

/** Every form of the submission, numbered over all parts, with its outcome. */
export function formsOf(parts: readonly InspectedPart[]): JudgedForm[] {
  let formIndex = 0;
  return parts.flatMap((part) =>
    part.inspection.forms.map(({ anomalies, anomaliesTotal, blocking, ...facts }): JudgedForm => {
      formIndex += 1;
      const outcome = blocking ? 'refused' : 'accepted';
      const kept = { ...facts, ...placeOf(part), anomaliesTotal };
      return { formIndex, part: part.part, outcome, facts: kept, anomalies };
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
