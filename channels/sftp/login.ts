import type { AuthContext, Connection } from 'ssh2';
import type { Logger } from '../../engine/core/logger.ts';
import { printable } from '../../engine/core/printable.ts';
import { type Attempt, type Authenticate, type Authenticated, type Credentials, judge } from './authentication.ts';

export interface LoginOptions {
  readonly authenticate: Authenticate;
  readonly allowSha1: boolean;
  readonly authAttempts: number;
  readonly log: Logger;
  /** False once the connection has closed, or is being closed: nothing is decided any more then. */
  readonly isOpen: () => boolean;
  /** Counts a login; false when the sender has too many connections. */
  readonly admit: (sender: string) => boolean;
  /** Called once, before the client gets to know that it is in. */
  readonly onLogin: (sender: Authenticated, credentials: Credentials) => void;
  /** Called when the attempts are used up. */
  readonly onGivenUp: (reason: string) => void;
}

/** Decides the attempts of one client to log in, and writes down those that are refused. */
export function guardLogin(client: Connection, options: LoginOptions): void {
  const { log, authAttempts, isOpen, admit, onLogin, onGivenUp } = options;
  let failures = 0;

  async function outcomeOf(attempt: AuthContext): Promise<Attempt> {
    try {
      const outcome = await judge(attempt, options);
      const full = outcome.kind === 'accepted' && isOpen() && !admit(outcome.sender.number);
      return full ? { kind: 'refused', reason: 'too many connections of this sender' } : outcome;
    } catch (err) {
      log.error({ err }, 'login could not be checked');
      return { kind: 'refused', reason: 'the store is not available' };
    }
  }

  async function decide(attempt: AuthContext): Promise<void> {
    const outcome = await outcomeOf(attempt);
    if (!isOpen()) return;
    if (outcome.kind === 'refused') return refuse(attempt, outcome.reason);
    if (outcome.kind === 'accepted') onLogin(outcome.sender, outcome.credentials);
    attempt.accept();
  }

  async function refuse(attempt: AuthContext, reason: string): Promise<void> {
    // every client asks with "none" first, to learn what there is
    if (attempt.method !== 'none') {
      failures += 1;
      log.warn({ login: printable(attempt.username), reason }, 'sftp login refused');
    }
    if (failures >= authAttempts) onGivenUp('too many attempts to log in');
    else attempt.reject(['publickey']);
  }

  client.on('authentication', (attempt) => void decide(attempt));
}
