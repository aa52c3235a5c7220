import { Message, type QueueName } from '../../schemas/messages.ts';
import { EngineError, type ErrorCode } from '../core/errors.ts';
import { type Db, isSqlite } from '../store/database.ts';
import { claimOnce } from '../store/once.ts';
import type { Delivery } from './broker.ts';
import { addToOutbox, takeFromOutbox } from './outbox.ts';
import { forgetSuspect } from './suspects.ts';
import type { Fault } from './verdict.ts';

interface DeadLetterRow {
  readonly id: string | number;
  readonly queue: QueueName;
  readonly message_id: string;
  readonly message: string;
  readonly attempt: number;
  readonly sender: string;
  readonly reason: string;
  readonly code: string | null;
  readonly buried_at: string;
  readonly answer_by: string | null;
}

/** A message that was given up, with the reason. */
export interface DeadLetter {
  readonly id: number;
  readonly queue: QueueName;
  readonly messageId: string;
  /** The message as JSON; a replay needs one that fits its schema. */
  readonly message: string;
  readonly attempt: number;
  /** '' when it is not known. */
  readonly sender: string;
  readonly reason: string;
  /** Of the error, in the catalogue; absent when it is an unknown one, or the letter is older than the codes. */
  readonly code?: string;
  readonly buriedAt: Date;
  /** Its submission is refused then unless somebody decides before; absent when there is nothing to answer. */
  readonly answerBy?: Date;
}

const COLUMNS = [
  'id',
  'queue',
  'message_id',
  'message',
  'attempt',
  'sender',
  'reason',
  'code',
  'buried_at',
  'answer_by',
] as const;

/**
 * Gives a message up, in the caller's transaction. Claims it as its effect would, so that only one of both happens.
 *
 * @returns false when it had its effect, or was buried, before.
 */
export async function bury(
  tx: Db,
  { queue, message, attempt }: Delivery,
  { reason, code = null }: Omit<Fault, 'code'> & { readonly code?: ErrorCode | null },
  now: Date,
): Promise<boolean> {
  if (!(await claimOnce(tx, queue, message.id, now))) return false;
  await forgetSuspect(tx, queue, message.id);
  const { sender, sha256 } = await takeFromOutbox(tx, queue, message.id);
  const row = { queue, message_id: message.id, message: JSON.stringify(message), attempt, sender, sha256 };
  await tx('dead_letters').insert({ ...row, reason, code, buried_at: now.toISOString() });
  return true;
}

/** Which dead letters are meant; what is absent does not matter. */
export interface DeadLetterFilter {
  readonly queue?: QueueName;
  /** Of the error. */
  readonly code?: string;
  readonly buriedBefore?: Date;
  /** The highest id: what is buried while a long page-by-page work goes on is left out. */
  readonly upTo?: number;
}

/** At most `limit` dead letters, oldest first, after the id `after`. */
export async function listDeadLetters(
  db: Db,
  limit: number,
  after = 0,
  { queue, code, buriedBefore, upTo }: DeadLetterFilter = {},
): Promise<DeadLetter[]> {
  const query = db('dead_letters')
    .select(...COLUMNS)
    .where('id', '>', after);
  if (queue !== undefined) query.where({ queue });
  if (code !== undefined) query.where({ code });
  if (buriedBefore !== undefined) query.where('buried_at', '<', buriedBefore.toISOString());
  if (upTo !== undefined) query.where('id', '<=', upTo);
  const rows: DeadLetterRow[] = await query.orderBy('id').limit(limit);
  return rows.map(fromRow);
}

/** The id of the newest dead letter, 0 when there is none. */
export async function newestDeadLetter(db: Db): Promise<number> {
  const row = await db('dead_letters').max('id as newest').first();
  return Number(row?.['newest'] ?? 0);
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

/** Takes a dead letter away, in the caller's transaction; undefined when somebody else has. */
export async function takeDeadLetter(tx: Db, id: number): Promise<DeadLetter | undefined> {
  const result = await tx.raw(`delete from dead_letters where id = ? returning ${COLUMNS.join(', ')}`, [id]);
  const [row]: DeadLetterRow[] = isSqlite(tx) ? result : result.rows;
  return row && fromRow(row);
}

/** Sends the message of a letter that was taken on its way again, as if for the first time. Throws message_malformed. */
export async function sendAgain(
  tx: Db,
  { id, queue, messageId, message, sender }: DeadLetter,
  now: Date,
): Promise<void> {
  const readable = messageOfLetter(message);
  if (!readable) throw new EngineError('message_malformed', `dead letter ${id} does not fit its schema`);
  await tx('processed').where({ consumer: queue, message_id: messageId }).delete();
  await addToOutbox(tx, readable, { now, sender });
}

/** The message that a letter holds; undefined when it fits no schema of this release. */
export function messageOfLetter(text: string): Message | undefined {
  try {
    return Message.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // not even JSON
  }
}

const fromRow = (row: DeadLetterRow): DeadLetter => ({
  id: Number(row.id),
  queue: row.queue,
  messageId: row.message_id,
  message: row.message,
  attempt: row.attempt,
  sender: row.sender,
  reason: row.reason,
  ...(row.code === null ? {} : { code: row.code }),
  buriedAt: new Date(row.buried_at),
  ...(row.answer_by === null ? {} : { answerBy: new Date(row.answer_by) }),
});
