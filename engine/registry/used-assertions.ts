import { hash } from 'node:crypto';
import type { Db } from '../store/database.ts';
import { addRowOnce, change } from '../store/sql.ts';

/** An assertion that a client has proved itself with. */
export interface UsedAssertion {
  readonly client: string;
  /** What the client calls it; of any length. */
  readonly jti: string;
  /** From when on its age alone is a reason to refuse it. */
  readonly expiresAt: Date;
}

/** Notes that an assertion has been used; false when it was before, in whatever process. */
export async function useAssertion(db: Db, { client, jti, expiresAt }: UsedAssertion): Promise<boolean> {
  const row = { client, jti: hash('sha256', jti, 'hex'), expires_at: expiresAt.toISOString() };
  return addRowOnce(db, 'used_assertions', row);
}

/** Forgets assertions that nobody takes any more for their age; gives how many. */
export async function forgetAssertions(db: Db, now: Date): Promise<number> {
  return change(db, 'delete from used_assertions where expires_at < ?', [now.toISOString()]);
}
