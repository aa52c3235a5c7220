import type { Db } from './database.ts';
import { addRowOnce, findRow } from './sql.ts';

/**
 * Claims a message for a consumer, inside the caller's transaction.
 *
 * The broker delivers at least once; this row makes the effect happen at most once: it commits
 * together with the effect, or not at all.
 *
 * @returns false when the message was processed before.
 */
export async function claimOnce(tx: Db, consumer: string, messageId: string, now: Date): Promise<boolean> {
  const row = { consumer, message_id: messageId, processed_at: now.toISOString() };
  return addRowOnce(tx, 'processed', row);
}

/** True when `consumer` has processed the message: a redelivery can skip its slow preparation. */
export async function isClaimed(db: Db, consumer: string, messageId: string): Promise<boolean> {
  return (await findRow(db, 'processed', { consumer, message_id: messageId })) !== undefined;
}

/** Forgets what a consumer claimed before an instant: only when it cannot be delivered again any more. */
export async function forgetClaims(db: Db, consumer: string, before: Date): Promise<void> {
  await db('processed').where({ consumer }).where('processed_at', '<', before.toISOString()).delete();
}
