import { hash, verify } from '@node-rs/argon2';
import type { Db } from '../store/database.ts';
import { write } from '../store/sql.ts';
import { noteSenderChange } from './senders.ts';

// OWASP's first choice for argon2id: 19 MiB, two passes, one lane
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** The hash of nobody's password, of the same cost: who has none costs the same time. */
const NOBODYS = '$argon2id$v=19$m=19456,t=2,p=1$5uGtls928RbDWH8DGmuxDw$g4vNNCsxQfbYjB5MVhyGh1SsE2gtub3lGyk3wBZ+U1o';

/** What is wrong with a technical user's password, as a sentence; undefined when nothing is. */
export function passwordFault(password: string): string | undefined {
  if (password.length < 10 || password.length > 256) return 'the password must have 10 to 256 characters';
  if (/\p{Cc}/u.test(password)) return 'the password holds a control character';
  return undefined;
}

/** Argon2id in the PHC string format. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, COST);
}

/** Whether the password is that of the hash; without a hash it takes as long and is false. */
export async function isPassword(password: string, stored: string | undefined): Promise<boolean> {
  const right = await verify(stored ?? NOBODYS, password).catch(() => false); // a damaged hash fits nothing
  return right && stored !== undefined;
}

/** The hash of a sender's password; undefined when it has none. */
export async function passwordHashOf(db: Db, sender: string): Promise<string | undefined> {
  const row = await db('senders').select('password_hash').where({ number: sender }).first();
  return row?.password_hash ?? undefined;
}

/** Makes this the password of a sender; null takes it away. False when it was that already. */
export async function changePassword(tx: Db, sender: string, password: string | null): Promise<boolean> {
  const before = await passwordHashOf(tx, sender);
  if (password === null ? before === undefined : await isPassword(password, before)) return false;
  await storePasswordHash(tx, sender, password === null ? null : await hashPassword(password));
  return true;
}

/** Makes this the hash of a sender's password; null takes it away. */
export async function storePasswordHash(tx: Db, sender: string, hash: string | null): Promise<void> {
  await write(tx, 'update senders set password_hash = ? where number = ?', [hash, sender]);
  await noteSenderChange(tx, sender);
}
