/** How a pipeline ends for one message. Decisions are values; only accidents are exceptions. */
export type Verdict =
  | { readonly kind: 'done' }
  | { readonly kind: 'later'; readonly delayMs: number; readonly reason: string }
  | { readonly kind: 'retry'; readonly reason: string }
  | { readonly kind: 'reject'; readonly reason: string };

export const done: Verdict = { kind: 'done' };
export const reject = (reason: string): Verdict => ({ kind: 'reject', reason });
export const later = (delayMs: number, reason: string): Verdict => ({ kind: 'later', delayMs, reason });
export const retry = (reason: string): Verdict => ({ kind: 'retry', reason });
