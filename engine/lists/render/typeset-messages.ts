import type { ErrorCode } from '../../core/errors.ts';
import type { ListedRecord } from './lines.ts';
import type { Head, Totals } from './rendering.ts';
import type { LineFormat } from './typesetting.ts';

/** What the thread that makes documents is asked; each is answered once, but for `drop`. */
export type ToTypesetter =
  | { readonly kind: 'begin'; readonly job: number; readonly head: Head; readonly formats: readonly LineFormat[] }
  | { readonly kind: 'write'; readonly job: number; readonly records: readonly ListedRecord[] }
  | { readonly kind: 'end'; readonly job: number }
  | { readonly kind: 'drop'; readonly job: number };

/** What it answers: what each format has grown by meanwhile, and at the end the totals. */
export type FromTypesetter =
  | { readonly kind: 'grown'; readonly job: number; readonly pieces: Pieces; readonly totals?: Totals }
  | { readonly kind: 'failed'; readonly job: number; readonly code: ErrorCode; readonly reason: string };

/** New bytes of each format, in the order of the formats. */
export type Pieces = readonly (readonly Uint8Array[])[];
