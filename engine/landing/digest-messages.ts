import type { ContentDigest } from './content-digest.ts';

/** What the thread that hashes uploads is told, in order; `job` names one file. */
export type ToDigester =
  /** Up to `textLimit` bytes every digest is followed, then SHA-256 alone. */
  | { readonly kind: 'begin'; readonly job: number; readonly fd: number; readonly textLimit: number }
  /** The first `to` bytes are in the file and stay as they are. */
  | { readonly kind: 'reach'; readonly job: number; readonly to: number }
  /** What was in the file has changed: all is hashed anew at the end. */
  | { readonly kind: 'changed'; readonly job: number }
  | { readonly kind: 'end'; readonly job: number; readonly size: number }
  | { readonly kind: 'drop'; readonly job: number };

/** What it answers, once for each `end` and `drop`: it does not touch the file afterwards. */
export type FromDigester =
  | { readonly kind: 'digest'; readonly job: number; readonly digest: ContentDigest }
  | { readonly kind: 'failed'; readonly job: number; readonly reason: string }
  | { readonly kind: 'dropped'; readonly job: number };
