import type { ErrorCode } from '../core/errors.ts';

/** How a pipeline ends for one message. Decisions are values; only accidents are exceptions. */
export type Verdict =
  | { readonly kind: 'done' }
  | { readonly kind: 'later'; readonly delayMs: number; readonly reason: string }
  | ({ readonly kind: 'retry' } & Fault)
  | ({ readonly kind: 'reject' } & Fault);

/** Why work failed: a sentence for people and, unless the error is an unknown one, its code in the catalogue. */
export interface Fault {
  readonly reason: string;
  readonly code?: ErrorCode;
}

export const done: Verdict = { kind: 'done' };
export const reject = (reason: string, code?: ErrorCode): Verdict => ({
  kind: 'reject',
  reason,
  ...(code && { code }),
});
export const later = (delayMs: number, reason: string): Verdict => ({ kind: 'later', delayMs, reason });
export const retry = (reason: string, code?: ErrorCode): Verdict => ({ kind: 'retry', reason, ...(code && { code }) });
