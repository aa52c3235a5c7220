import { Message, QUEUE_OF, type QueueName } from '../../schemas/messages.ts';
import { EngineError } from '../core/errors.ts';
import { type Db, isSqlite } from '../store/database.ts';
import { isClaimed } from '../store/once.ts';
import { insertRows, rowsOf, write } from '../store/sql.ts';
import type { Delivery } from './broker.ts';

const CHUNK = 200; // rows a statement: well under the limits on terms and variables of both databases

export interface OutboxOptions {
  readonly now: Date;
  /** Whose message it is; '' when it is nobody's. */
  readonly sender: string;
  /** Not delivered before; now when absent. */
  readonly dueAt?: Date;
  /** Counts from 1. */
  readonly attempt?: number;
}

/** Puts one message in the outbox, in the caller's transaction: it is published if and only if that commits. */
export async function addToOutbox(tx: Db, message: Message, options: OutboxOptions): Promise<void> {
  await addAllToOutbox(tx, [message], options);
}

/** Puts any number of messages in the outbox, in the caller's transaction. Throws message_malformed. */
export async function addAllToOutbox(tx: Db, messages: readonly Message[], options: OutboxOptions): Promise<void> {
  const rows = messages.map((message) => toRow(message, options));
  for (let at = 0; at < rows.length; at += CHUNK) await insertRows(tx, 'outbox', rows.slice(at, at + CHUNK));
}

function toRow(message: Message, { now, sender, dueAt = now, attempt = 1 }: OutboxOptions) {
  const checked = Message.safeParse(message);
  if (!checked.success) throw new EngineError('message_malformed', 'a message for the outbox does not fit its schema');
  return {
    queue: QUEUE_OF[checked.data.kind],
    message_id: checked.data.id,
    message: JSON.stringify(checked.data),
    attempt,
    sender,
    sha256: 'sha256' in checked.data ? checked.data.sha256 : null,
    due_at: dueAt.toISOString(),
    leased_until: null,
  };
}

/**
 * Forgets a message that has its effect, in that effect's transaction, and ends its sender's failures in a row; one
 * that is not there is no error.
 */
export async function forget(tx: Db, queue: QueueName, messageId: string): Promise<void> {
  const row = [queue, messageId];
  if (isSqlite(tx)) {
    await write(tx, `${HEAL} (select sender from outbox where ${ROW})`, row);
    await write(tx, `delete from outbox where ${ROW}`, row);
  } else {
    await write(
      tx,
      `with gone as (delete from outbox where ${ROW} returning sender) ${HEAL} (select sender from gone)`,
      row,
    );
  }
}

const ROW = 'queue = ? and message_id = ?';

// writes only where a breaker has counted; who resumes a paused sender says so later (resumeHealed)
const HEAL = `update breakers set failures = 0, trips = 0, state = case state when 'open' then 'resumed' else state end
  where failures > 0 and sender in`;

/** Takes a message that is given up out for good and tells whose it was. */
export async function takeFromOutbox(
  tx: Db,
  queue: QueueName,
  messageId: string,
): Promise<{ readonly sender: string; readonly sha256: string | null }> {
  const take = `delete from outbox where ${ROW} returning sender, sha256`;
  const [row] = await rowsOf<{ sender: string; sha256: string | null }>(tx, take, [queue, messageId]);
  return row ?? { sender: '', sha256: null };
}

/** Whose message it is; '' when it is nobody's, or gone. */
export async function senderOf(db: Db, { queue, message }: Delivery): Promise<string> {
  const row = await db('outbox').select('sender').where({ queue, message_id: message.id }).first();
  return row?.sender ?? '';
}

/** Lets a message that was in hand wait until `dueAt`; one that has had its effect meanwhile stays done. */
export async function postpone(
  tx: Db,
  { queue, message }: Delivery,
  { now, dueAt, attempt }: { readonly now: Date; readonly dueAt: Date; readonly attempt: number },
): Promise<void> {
  const waiting = { due_at: dueAt.toISOString(), attempt, leased_until: null, handed: 0 };
  const found = await tx('outbox').where({ queue, message_id: message.id }).update(waiting);
  if (found > 0 || (await isClaimed(tx, queue, message.id))) return;
  await addToOutbox(tx, message, { now, sender: '', dueAt, attempt });
}
