import { Message, type QueueName } from '../../schemas/messages.ts';
import { EngineError } from '../core/errors.ts';
import type { Db } from '../store/database.ts';
import { claimOnce } from '../store/once.ts';
import { inTransaction } from '../store/transaction.ts';
import type { Delivery } from './broker.ts';
import { addToOutbox } from './outbox.ts';

interface DeadLetterRow {
  readonly id: string | number;
  readonly queue: QueueName;
  readonly message_id: string;
  readonly message: string;
  readonly attempt: number;
  readonly reason: string;
  readonly buried_at: string;
}

/** A message that was given up, with the reason. */
export interface DeadLetter {
  readonly id: number;
  readonly queue: QueueName;
  readonly messageId: string;
  /** The message as JSON; a replay needs one that fits its schema. */
  readonly message: string;
  readonly attempt: number;
  readonly reason: string;
  readonly buriedAt: Date;
}

const COLUMNS = ['id', 'queue', 'message_id', 'message', 'attempt', 'reason', 'buried_at'] as const;

/**
 * Gives a message up, in the caller's transaction. Claims it as its effect would, so that only one of both happens.
 *
 * @returns false when it had its effect, or was buried, before.
 */
export async function bury(tx: Db, { queue, message, attempt }: Delivery, reason: string, now: Date): Promise<boolean> {
  if (!(await claimOnce(tx, queue, message.id, now))) return false;
  const row = { queue, message_id: message.id, message: JSON.stringify(message), attempt };
  await tx('dead_letters').insert({ ...row, reason, buried_at: now.toISOString() });
  return true;
}

/** At most `limit` dead letters, oldest first, after the id `after`. */
export async function listDeadLetters(db: Db, limit: number, after = 0): Promise<DeadLetter[]> {
  const rows: DeadLetterRow[] = await db('dead_letters')
    .select(...COLUMNS)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit);
  return rows.map(fromRow);
}

/** The dead letter. Throws not_found. */
export async function findDeadLetter(db: Db, id: number): Promise<DeadLetter> {
  const row: DeadLetterRow | undefined = await db('dead_letters')
    .select(...COLUMNS)
    .where({ id })
    .first();
  if (!row) throw new EngineError('not_found', `no dead letter ${id}`);
  return fromRow(row);
}

/** Sends the message on its way again, as if for the first time. Throws not_found, message_malformed. */
export async function replayDeadLetter(db: Db, id: number, now: Date): Promise<void> {
  await inTransaction(db, async (tx) => {
    const { queue, messageId, message } = await findDeadLetter(tx, id);
    const checked = Message.safeParse(JSON.parse(message));
    if (!checked.success) throw new EngineError('message_malformed', `dead letter ${id} does not fit its schema`);
    await tx('dead_letters').where({ id }).delete();
    await tx('processed').where({ consumer: queue, message_id: messageId }).delete();
    await addToOutbox(tx, checked.data, { now });
  });
}

/** Forgets a dead letter; the message stays without effect. Throws not_found. */
export async function discardDeadLetter(db: Db, id: number): Promise<void> {
  const removed = await db('dead_letters').where({ id }).delete();
  if (removed === 0) throw new EngineError('not_found', `no dead letter ${id}`);
}

const fromRow = (row: DeadLetterRow): DeadLetter => ({
  id: Number(row.id),
  queue: row.queue,
  messageId: row.message_id,
  message: row.message,
  attempt: row.attempt,
  reason: row.reason,
  buriedAt: new Date(row.buried_at),
});
