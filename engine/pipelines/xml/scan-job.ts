import type { Encoding } from './encoding.ts';
import type { Finding, InspectedForm, InspectRequest } from './inspection.ts';
import type { Window } from './window.ts';

/** Limits of one inspection. */
export interface InspectLimits {
  readonly findings: number;
  readonly anomaliesPerForm: number;
  readonly depth: number;
}

/** What the scan of one file needs to know. */
export interface ScanJob extends Omit<InspectRequest, 'signal'> {
  readonly schemaDirs: readonly string[];
  readonly windowBytes: number;
  readonly limits: InspectLimits;
}

/** A window on its way to a validator. */
export interface Parcel extends Window {
  readonly encoding: Encoding;
  /** No comment, CDATA or instruction is in it: white space between tags means nothing. */
  readonly plain: boolean;
  /** The schema to hold it against; without it the window is only parsed. */
  readonly schemaPath: string | undefined;
  /** The scanner has seen that it cannot be XML: what to say when the parser says nothing. */
  readonly broken: Finding | undefined;
}

/** Takes the windows of a scan and tells it what to do. */
export interface ScanPort {
  /** Resolves, when there is room for one more, with a buffer that may be used again. */
  send(parcel: Parcel): Promise<ArrayBuffer | undefined>;
  /** True once the outcome of the schema does not matter any more: only the syntax does. */
  syntaxOnly(): boolean;
  /** True once nothing matters any more. */
  stopped(): boolean;
}

/** What the scan itself found; the windows' findings come from the validators. */
export interface ScanResult {
  readonly root: string;
  readonly schema: string;
  /** A fault that no parser was shown, with its place in the file: 138 or 102. */
  readonly fatal: (Finding & { readonly at: number }) | undefined;
  /** Findings on the root element, the schema, or the size of a unit (163). */
  readonly findings: readonly Finding[];
  readonly forms: readonly InspectedForm[];
  readonly formCount: number;
  readonly size: number;
}
