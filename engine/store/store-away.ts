import { EngineError } from '../core/errors.ts';

const AWAY = 'away';

/** The refusal while the store cannot be reached, or does not answer: store_unavailable, with a sentence for a sender. */
export function storeAway(cause?: unknown): EngineError {
  const code = cause instanceof Error && 'code' in cause ? { cause: String(cause.code) } : {};
  const sentence = 'the server cannot reach its database now; please try again later';
  return new EngineError('store_unavailable', sentence, { store: AWAY, ...code }, cause);
}

/** True for that refusal: nothing is wrong with the work, and it will do once the store is back. */
export function isStoreAway(error: unknown): boolean {
  return error instanceof EngineError && error.facts['store'] === AWAY;
}
