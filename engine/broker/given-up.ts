import type { QueueName } from '../../schemas/messages.ts';
import { type Db, isSqlite } from '../store/database.ts';
import { messageOfLetter } from './dead-letters.ts';

/** Notes until when an operator may decide about a dead letter before its submission is answered. */
export async function setAnswerBy(tx: Db, queue: QueueName, messageId: string, answerBy: Date): Promise<void> {
  await tx('dead_letters').where({ queue, message_id: messageId }).update({ answer_by: answerBy.toISOString() });
}

/** The ids of at most `limit` dead letters whose time for a decision is over, the longest over first. */
export async function overdueLetters(db: Db, now: Date, limit: number): Promise<number[]> {
  const overdue = db('dead_letters').select('id').where('answer_by', '<=', now.toISOString());
  const rows: { id: string | number }[] = await overdue.orderBy('answer_by').limit(limit);
  return rows.map(({ id }) => Number(id));
}

/** Takes over the duty to answer for a letter, once: the ticket to answer, or undefined when somebody else has. */
export async function takeAnswerDuty(tx: Db, id: number): Promise<string | undefined> {
  const taken =
    'update dead_letters set answer_by = null where id = ? and answer_by is not null returning message, message_id';
  const result = await tx.raw(taken, [id]);
  const [row]: { message: string; message_id: string }[] = isSqlite(tx) ? result : result.rows;
  return row && (messageOfLetter(row.message)?.ticket ?? row.message_id); // a submission's message is named by its ticket
}
