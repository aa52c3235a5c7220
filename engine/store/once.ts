import type { Db } from './database.ts';

/**
 * Claims a message for a consumer, inside the caller's transaction.
 *
 * The broker delivers at least once; this row makes the effect happen at most once: it commits
 * together with the effect, or not at all.
 *
 * @returns false when the message was processed before.
 */
export async function claimOnce(tx: Db, consumer: string, messageId: string, now: Date): Promise<boolean> {
  const claimed = await tx('processed')
    .insert({ consumer, message_id: messageId, processed_at: now.toISOString() })
    .onConflict(['consumer', 'message_id'])
    .ignore()
    .returning('message_id');
  return claimed.length === 1;
}

/** True when `consumer` has processed the message: a redelivery can skip its slow preparation. */
export async function isClaimed(db: Db, consumer: string, messageId: string): Promise<boolean> {
  const row = await db('processed').select('message_id').where({ consumer, message_id: messageId }).first();
  return row !== undefined;
}
