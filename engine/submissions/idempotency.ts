import { hash } from 'node:crypto';
import type { Db } from '../store/database.ts';
import { addRowOnce, change, findRow } from '../store/sql.ts';

/** What a sender has done under a key that it chose. */
export interface KeyedRequest {
  /** SHA-256 over the names and digests of the files. */
  readonly content: string;
  readonly ticket: string;
}

/** Whose key. */
export interface IdempotencyKey {
  readonly sender: string;
  readonly key: string;
}

/** What was done under the key before; undefined when nothing was. */
export async function findKeyed(db: Db, { sender, key }: IdempotencyKey): Promise<KeyedRequest | undefined> {
  return findRow<KeyedRequest>(db, 'idempotency_keys', { sender, key: hash('sha256', key, 'hex') });
}

/** Keeps what was done under a key; the first of several at one moment stays. */
export async function keepKeyed(db: Db, { sender, key }: IdempotencyKey, done: KeyedRequest, now: Date): Promise<void> {
  const row = { sender, key: hash('sha256', key, 'hex'), ...done, used_at: now.toISOString() };
  await addRowOnce(db, 'idempotency_keys', row);
}

/** Forgets keys that were used before a time; gives how many. */
export async function forgetKeys(db: Db, before: Date): Promise<number> {
  return change(db, 'delete from idempotency_keys where used_at < ?', [before.toISOString()]);
}
