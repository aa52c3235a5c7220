import type { Db } from '../store/database.ts';
import { change, rowsOf } from '../store/sql.ts';
import { KNOWN_BAD_WORDS } from './known-bad-words.ts';
import { randomText } from './people.ts';

/** What a person's password must be (mission: account management); shown to whoever chose another. */
export const PASSWORD_RULE =
  "10 to 256 characters, at least two of them digits or special characters ( ; : = ? . / + * $ % > < & @ # ' ( ! { } ) - ), no well-known password and not the user name";

const LEAST = 10;
const MOST = 256;
const DAY_MS = 86_400_000;

/** How long a temporary password may be used. */
export const TEMPORARY_LIFE_MS = 30 * DAY_MS;

/** What is wrong with a person's password, as a sentence; undefined when nothing is. */
export function userPasswordFault(password: string, userName: string): string | undefined {
  const characters = [...password];
  if (characters.length < LEAST || characters.length > MOST) return `it has ${characters.length} characters`;
  if (/\p{Cc}/u.test(password)) return 'it holds a control character';
  if (characters.filter((character) => !/[\p{L}\p{Zs}]/u.test(character)).length < 2) {
    return 'it has fewer than two digits or special characters';
  }
  if (password.toLowerCase().includes(userName.toLowerCase())) return 'it holds the user name';
  return isKnownBad(password) ? 'it is a well-known password' : undefined;
}

const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** A word that everybody tries, whatever digits and signs stand around it or for its letters; a run of the keyboard. */
function isKnownBad(password: string): boolean {
  const plain = password.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '');
  if (new Set(plain).size <= 3) return true; // 1111111111
  if (isRun(plain.replace(/[^a-z0-9]/g, ''))) return true; // 1234567890
  const cores = [withoutEnds(plain), asLetters(withoutEnds(plain)), withoutEnds(asLetters(plain))];
  return cores.some((core) => KNOWN_BAD_WORDS.has(core) || isRepeated(core));
}

const withoutEnds = (text: string) => text.replace(/^[^a-z]+|[^a-z]+$/g, '');
const asLetters = (text: string) => text.replace(/[0134578@$!]/g, (sign) => LEET[sign] ?? sign);

const isRepeated = (core: string) =>
  /^(.{3,})\1+$/.test(core) && KNOWN_BAD_WORDS.has(core.replace(/^(.{3,}?)\1+$/, '$1'));

const RUNS = [
  '01234567890123456789',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiopasdfghjklzxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
];

function isRun(text: string): boolean {
  const backwards = RUNS.map((run) => [...run].reverse().join(''));
  return text.length >= LEAST && [...RUNS, ...backwards].some((run) => run.includes(text));
}

/** A temporary password of 16 characters that satisfies the policy: about 79 bits. */
export function newTemporaryPassword(): string {
  const text = randomText(12, 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ');
  return `${text.slice(0, 6)}-${text.slice(6)}-${randomText(2, '23456789')}`;
}

/** What a sign-in by password is judged by. */
export interface UserPassword {
  readonly hash: string;
  readonly kind: 'temporary' | 'own';
  readonly setAt: Date;
}

/** A person's password; undefined when there is none. */
export async function userPasswordOf(db: Db, person: string): Promise<UserPassword | undefined> {
  const sql = 'select password_hash, password_kind, password_set_at from people where id = ?';
  const [row] = await rowsOf<Record<string, string | null>>(db, sql, [person]);
  if (!row?.['password_hash'] || !row['password_set_at']) return undefined;
  const kind = row['password_kind'] === 'own' ? 'own' : 'temporary';
  return { hash: row['password_hash'], kind, setAt: new Date(row['password_set_at']) };
}

/** Whether a temporary password may still be used: for 30 days. */
export function isInTime({ kind, setAt }: UserPassword, now: Date): boolean {
  return kind === 'own' || now.getTime() - setAt.getTime() < TEMPORARY_LIFE_MS;
}

/**
 * Stores a password by its hash, which is slow to make on purpose: make it before the transaction begins. With `before`
 * only in the place of that hash; false when it is not there any more.
 */
export async function storeUserPassword(
  tx: Db,
  person: string,
  stored: UserPassword,
  before?: string,
): Promise<boolean> {
  const sql = 'update people set password_hash = ?, password_kind = ?, password_set_at = ? where id = ?';
  const values = [stored.hash, stored.kind, stored.setAt.toISOString(), person];
  if (before === undefined) return (await change(tx, sql, values)) === 1;
  return (await change(tx, `${sql} and password_hash = ?`, [...values, before])) === 1;
}
