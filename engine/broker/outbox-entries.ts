import { Message, type QueueName } from '../../schemas/messages.ts';
import type { Db } from '../store/database.ts';
import { isClaimed } from '../store/once.ts';
import { inTransaction } from '../store/transaction.ts';
import type { Delivery } from './broker.ts';
import { forget } from './outbox.ts';

/** A message under lease: the claimer has it in hand until the lease ends. */
export interface OutboxEntry {
  readonly id: number;
  readonly sender: string;
  readonly dueAt: Date;
  readonly delivery: Delivery;
  /** The end of the lease, as it is in the row: whoever changes the row must find it there. */
  readonly lease: string;
}

/** A row of the outbox, as it is leased. */
export interface ClaimedRow {
  readonly id: string | number;
  readonly queue: QueueName;
  readonly message_id: string;
  readonly message: string;
  readonly attempt: number;
  readonly sender: string;
  readonly sha256: string | null;
  readonly handed: number;
  readonly due_at: string;
}

/** The entries of rows leased until then; a row that no longer reads (written by another release) becomes a dead letter. */
export async function readable(
  db: Db,
  rows: readonly ClaimedRow[],
  { now, until }: { readonly now: Date; readonly until: Date },
): Promise<OutboxEntry[]> {
  const entries: OutboxEntry[] = [];
  for (const row of rows) {
    const message = parse(row.message);
    // an effect of an older release, or of a message that was put in again: without this it would come for ever
    if (row.handed > 1 && (await isClaimed(db, row.queue, row.message_id))) await forget(db, row.queue, row.message_id);
    else if (message) entries.push({ ...entryOf(row, message), lease: until.toISOString() });
    else await setAside(db, row, now);
  }
  return entries;
}

function entryOf({ id, queue, sender, attempt, handed, due_at }: ClaimedRow, message: Message) {
  const delivery = { queue, message, attempt, redeliveries: handed - 1 };
  return { id: Number(id), sender, dueAt: new Date(due_at), delivery };
}

function parse(text: string): Message | undefined {
  try {
    return Message.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function setAside(db: Db, row: ClaimedRow, now: Date): Promise<void> {
  const { queue, message_id, message, attempt, sender, sha256 } = row;
  await inTransaction(db, async (tx) => {
    const reason = 'the message in the outbox does not fit its schema';
    const letter = { queue, message_id, message, attempt, sender, sha256, reason, code: 'message_malformed' };
    await tx('dead_letters')
      .insert({
        ...letter,
        buried_at: now.toISOString(),
        answer_by: queue === 'submissions' ? now.toISOString() : null,
      })
      .onConflict(['queue', 'message_id'])
      .ignore();
    await tx('outbox').where({ id: row.id }).delete();
  });
}
