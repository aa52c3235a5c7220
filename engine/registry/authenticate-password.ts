import type { Db } from '../store/database.ts';
import { createGate } from './gate.ts';
import type { Networks } from './networks.ts';
import { isPassword, passwordHashOf } from './passwords.ts';
import type { RefusalReason } from './refusals.ts';
import { findSender, findSenderByLogin, mayConnect } from './senders.ts';

/** How a login by password came in. */
export interface PasswordLogin {
  readonly login: string;
  readonly password: string;
  /** Of the peer. */
  readonly address: string;
  /** Whether nobody on the way could read it. */
  readonly encrypted: boolean;
}

export type PasswordOutcome =
  | {
      readonly kind: 'accepted';
      /** Six digits. */
      readonly number: string;
      /** Asks the store whether the login still holds: the sender, its channel and this very password. */
      readonly stillHolds: () => Promise<boolean>;
    }
  /** The reason is for the log; the client is told the same whatever it is. */
  | { readonly kind: 'refused'; readonly reason: RefusalReason };

export type AuthenticatePassword = (login: PasswordLogin) => Promise<PasswordOutcome>;

const AT_ONCE = 4; // each takes 19 MiB and a thread

/**
 * Recognises a sender by login and password. Without encryption only from a fixed link that the sender is bound to. A
 * login that does not exist costs as much time as one that does.
 */
export function createAuthenticatePassword(db: Db, channel: string, networks: Networks): AuthenticatePassword {
  const enter = createGate(AT_ONCE);

  async function judge({ login, password, address, encrypted }: PasswordLogin): Promise<PasswordOutcome> {
    const sender = await findSenderByLogin(db, login);
    const stored = await passwordHashOf(db, sender?.number ?? '');
    const right = await isPassword(password, stored);
    if (!sender || !right) return refused('unknown login or password');
    if (!mayConnect(sender, channel)) return refused('no such channel for the sender');
    const linked = sender.networks.some((name) => networks.has(name, address));
    if (!encrypted && !linked) return refused('not encrypted, and not from a fixed link of the sender');
    const stillHolds = async () =>
      mayConnect(await findSender(db, sender.number), channel) && (await passwordHashOf(db, sender.number)) === stored;
    return { kind: 'accepted', number: sender.number, stillHolds };
  }

  return async (attempt) => {
    const leave = await enter();
    try {
      return await judge(attempt);
    } finally {
      leave();
    }
  };
}

const refused = (reason: RefusalReason): PasswordOutcome => ({ kind: 'refused', reason });
