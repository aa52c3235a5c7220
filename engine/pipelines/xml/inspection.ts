import type { Anomaly, FormHeader } from '../../submissions/forms.ts';
import type { ConfiguredCheck } from '../goals/check.ts';
import type { DayPlace } from '../goals/record-days.ts';

/** A formal fault of a declaration file: it makes the receipt negative. */
export interface Finding {
  /** The receipt code without its prefix: "102", "138", "136", "088"… (protocol §1.7). */
  readonly code: string;
  /** Name of the element, when one is meant. */
  readonly element?: string;
  /** Name of its parent. */
  readonly parent?: string;
  /** Place in the whole file, from 1. */
  readonly line?: number;
  readonly column?: number;
  /** One sentence; holds no INSS number. */
  readonly detail: string;
}

/** What is read of one form, and where its bytes are. */
export interface FormFacts extends FormHeader {
  /** From 1, in the file. */
  readonly index: number;
  /** Byte range of the `Form` element in the file; `end` exclusive. */
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

export interface InspectedForm extends FormFacts {
  /** At most `limits.anomaliesPerForm`; `anomaliesTotal` counts all. */
  readonly anomalies: readonly Anomaly[];
  readonly anomaliesTotal: number;
  readonly blocking: boolean;
}

/** Everything one pass over a declaration file finds out. `forms` is empty when there are findings that stop the file. */
export interface Inspection {
  readonly root: string;
  readonly schema: string;
  /** At most `limits.findings`; `findingsTotal` counts all that were seen. */
  readonly findings: readonly Finding[];
  readonly findingsTotal: number;
  readonly forms: readonly InspectedForm[];
  /** Bytes of the file before the first form and after the last: the envelope a single form is shown in. */
  readonly prologue: { readonly start: number; readonly end: number };
  readonly epilogue: { readonly start: number; readonly end: number };
}

/** The part of a goal's configuration that the inspection needs. */
export interface InspectGoal {
  readonly code: string;
  /** Root elements it accepts, e.g. ["DmfAOriginal"]. */
  readonly roots: readonly string[];
  /** Schema names it accepts; `{quarter}` stands for five digits, e.g. "DmfAOriginal_{quarter}.xsd". */
  readonly schemas: readonly string[];
  /** Values of Form/Identification it accepts. */
  readonly identifications: readonly string[];
  /** Functional checks by name, with the class their anomalies get. */
  readonly checks: readonly ConfiguredCheck[];
  /** Where its forms say of which days their records are: each must be a day of the calendar. */
  readonly days?: readonly DayPlace[];
  readonly maxForms: number;
}

export interface InspectRequest {
  readonly source:
    | { readonly kind: 'bytes'; readonly bytes: Buffer }
    | { readonly kind: 'file'; readonly path: string; readonly size: number };
  readonly goal: InspectGoal;
  /** The creation date in the file name, YYYYMMDD: the forms' own headers are compared with it. */
  readonly fileDate: string;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** Inspects one declaration file in worker threads; memory does not grow with its size. */
export type Inspect = (request: InspectRequest) => Promise<Inspection>;
