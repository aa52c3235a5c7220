import { hash, randomBytes } from 'node:crypto';
import type { Db } from '../store/database.ts';
import { addRow, change, rowsOf, write } from '../store/sql.ts';

/** How somebody proved who it is. */
export type SignInMeans = 'password' | 'oidc';

/** A session that is good now, of a person who is not blocked, at an organisation that is not. */
export interface Session {
  readonly person: string;
  readonly enterpriseNumber: string;
  readonly means: SignInMeans;
  readonly expiresAt: string;
}

/** What a session is begun with; the token is told once and only its hash is stored. */
export interface NewSession {
  readonly token: string;
  readonly expiresAt: Date;
}

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Begins a session: 256 random bits, good until `lifeMs` from now unless it is ended before. */
export async function beginSession(
  tx: Db,
  { person, means, lifeMs }: { readonly person: string; readonly means: SignInMeans; readonly lifeMs: number },
  now: Date,
): Promise<NewSession> {
  const token = randomBytes(32).toString('base64url');
  const expiresAt = new Date(now.getTime() + lifeMs);
  const times = { created_at: now.toISOString(), expires_at: expiresAt.toISOString() };
  await addRow(tx, 'sessions', { token: digestOf(token), person, means, ...times });
  return { token, expiresAt };
}

/** The session of a token. Looked up in the store each time, so that a block or an end holds at once in every process. */
export async function findSession(db: Db, token: string, now: Date): Promise<Session | undefined> {
  if (!TOKEN.test(token)) return undefined;
  const [row] = await rowsOf<Record<string, string>>(db, FIND, [digestOf(token), now.toISOString()]);
  if (!row) return undefined;
  return {
    person: String(row['person']),
    enterpriseNumber: String(row['enterprise_number']),
    means: row['means'] === 'oidc' ? 'oidc' : 'password',
    expiresAt: String(row['expires_at']),
  };
}

const FIND = `select s.person, s.means, s.expires_at, p.enterprise_number from sessions s
  join people p on p.id = s.person join organisations o on o.enterprise_number = p.enterprise_number
  where s.token = ? and s.expires_at > ? and p.state = 'active' and o.access = 'open'`;

/** Ends one session. */
export async function endSession(tx: Db, token: string): Promise<void> {
  await write(tx, 'delete from sessions where token = ?', [digestOf(token)]);
}

/** Ends all sessions of a person; `keep` is the token of one that goes on. */
export async function endSessionsOf(tx: Db, person: string, keep = ''): Promise<void> {
  await write(tx, 'delete from sessions where person = ? and token <> ?', [person, digestOf(keep)]);
}

/** Ends the sessions at an organisation: all, or those that were begun with a password. */
export async function endSessionsAt(tx: Db, enterpriseNumber: string, means?: SignInMeans): Promise<void> {
  const sql = 'delete from sessions where person in (select id from people where enterprise_number = ?)';
  const bindings = means === undefined ? [enterpriseNumber] : [enterpriseNumber, means];
  await write(tx, means === undefined ? sql : `${sql} and means = ?`, bindings);
}

/** Forgets sessions that are over; gives how many. */
export async function forgetSessions(db: Db, now: Date): Promise<number> {
  return change(db, 'delete from sessions where expires_at <= ?', [now.toISOString()]);
}

const digestOf = (token: string): string => hash('sha256', token, 'hex');
