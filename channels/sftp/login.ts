import type { AuthContext, Connection } from 'ssh2';
import type { Logger } from '../../engine/core/logger.ts';
import type { LoginDefence, LoginTry } from '../../engine/registry/login-defence.ts';
import type { RefusalReason } from '../../engine/registry/refusals.ts';
import { type Attempt, type Authenticate, type Authenticated, type Credentials, judge } from './authentication.ts';

export interface LoginOptions {
  readonly authenticate: Authenticate;
  readonly defence: LoginDefence;
  /** Where the client is. */
  readonly address: string;
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

const OFFERS: ReadonlySet<RefusalReason> = new Set(['unknown login or key', 'unusable key']);

/** Decides the attempts of one client to log in; those that are refused are written down and scored. */
export function guardLogin(client: Connection, options: LoginOptions): void {
  const { log, address, authAttempts, defence, isOpen, admit, onLogin, onGivenUp } = options;
  let failures = 0;
  let offered: LoginTry | undefined;

  async function outcomeOf(attempt: AuthContext, login: LoginTry): Promise<Attempt | undefined> {
    try {
      if (!(await defence.mayTry(login))) return undefined;
      const outcome = await judge(attempt, options);
      const full = outcome.kind === 'accepted' && isOpen() && !admit(outcome.sender.number);
      return full ? { kind: 'refused', reason: 'too many connections of the sender' } : outcome;
    } catch (err) {
      log.error({ err }, 'login could not be checked');
      return { kind: 'refused', reason: 'store not available' };
    }
  }

  async function decide(attempt: AuthContext): Promise<void> {
    // every client asks with "none" first, to learn what there is
    if (attempt.method === 'none') return attempt.reject(['publickey']);
    const login = { channel: 'sftp', address, login: attempt.username };
    const outcome = await outcomeOf(attempt, login);
    if (!isOpen()) return;
    if (outcome?.kind === 'refused') await writeDown(login, outcome);
    if (!outcome || outcome.kind === 'refused') return refuse(attempt);
    if (outcome.kind === 'accepted') {
      offered = undefined;
      await defence.succeeded(login);
      if (!isOpen()) return;
      onLogin(outcome.sender, outcome.credentials);
    }
    attempt.accept();
  }

  /** Clients try all their keys: whoever gets in with one has not failed with the others, and else has failed once. */
  async function writeDown(login: LoginTry, { reason }: Extract<Attempt, { kind: 'refused' }>): Promise<void> {
    if (!OFFERS.has(reason)) return defence.refused(login, reason);
    defence.note(login, reason);
    offered = login;
  }

  function refuse(attempt: AuthContext): void {
    failures += 1;
    if (failures >= authAttempts) onGivenUp('too many attempts to log in');
    else attempt.reject(['publickey']);
  }

  client.on('authentication', (attempt) => void decide(attempt));
  client.on('close', () => {
    if (offered) void defence.score(offered);
  });
}
