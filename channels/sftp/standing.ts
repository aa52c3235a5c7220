import { EngineError } from '../../engine/core/errors.ts';
import type { Authenticate, Authenticated, Credentials } from './authentication.ts';

/**
 * Looks again whether a login still holds, unless that was seen within so many ms (30,000 when absent). Throws
 * access_denied when it does not; the connection is being closed then.
 */
export type ConfirmStanding = (withinMs?: number) => Promise<void>;

export interface StandingOptions {
  readonly authenticate: Authenticate;
  readonly sender: Authenticated;
  readonly credentials: Credentials;
  readonly nowMs: () => number;
  /** Called when the sender, its channel or its key has been taken away. */
  readonly onWithdrawn: () => void;
}

const EVERY_MS = 30_000;

/** Asks the store; what it said before holds for a while. */
export function createConfirmStanding(options: StandingOptions): ConfirmStanding {
  const { authenticate, sender, credentials, nowMs, onWithdrawn } = options;
  let confirmedAt = nowMs();
  let withdrawn = false;

  return async (withinMs = EVERY_MS) => {
    if (!withdrawn && nowMs() - confirmedAt < withinMs) return;
    const asked = nowMs();
    const now = await authenticate(credentials.login, credentials.keyBlob);
    confirmedAt = asked;
    if (now?.number === sender.number) return;
    withdrawn = true;
    onWithdrawn();
    throw new EngineError('access_denied', 'this login, or its key, is no longer registered');
  };
}
