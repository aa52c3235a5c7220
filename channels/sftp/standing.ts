import { EngineError } from '../../engine/core/errors.ts';
import type { Authenticate, Authenticated, Credentials } from './authentication.ts';

/** Looks again whether a login still holds. Throws access_denied when it does not; the connection is being closed then. */
export type ConfirmStanding = () => Promise<void>;

export interface StandingOptions {
  readonly authenticate: Authenticate;
  readonly sender: Authenticated;
  readonly credentials: Credentials;
  readonly nowMs: () => number;
  /** Called when the sender, its channel or its key has been taken away. */
  readonly onWithdrawn: () => void;
}

const EVERY_MS = 30_000;

/** Asks the store at most once in 30 seconds; what it said before holds meanwhile. */
export function createConfirmStanding(options: StandingOptions): ConfirmStanding {
  const { authenticate, sender, credentials, nowMs, onWithdrawn } = options;
  let confirmedAt = nowMs();
  let withdrawn = false;

  return async () => {
    if (!withdrawn && nowMs() - confirmedAt < EVERY_MS) return;
    const asked = nowMs();
    const now = await authenticate(credentials.login, credentials.keyBlob);
    confirmedAt = asked;
    if (now?.number === sender.number) return;
    withdrawn = true;
    onWithdrawn();
    throw new EngineError('access_denied', 'this login, or its key, is no longer registered');
  };
}
