import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { addRowOnce, change, rowsOf } from '../store/sql.ts';
import { expiryOf, type MessageType } from './message-types.ts';
import type { Message } from './messages.ts';
import type { Placed } from './placed.ts';

/** What a message asks of the owner of a mailbox. */
export interface Task {
  /** Id of the mailbox. */
  readonly mailbox: number;
  readonly messageId: string;
  readonly messageType: string;
  /** Where the message was routed to: who may see that partition handles the task. */
  readonly partition: string;
  readonly dueAt: string;
  readonly state: 'open' | 'done' | 'overdue';
  readonly doneAt?: string;
}

/** Adds the task of a message whose type asks for something, in the transaction that puts it into the mailbox. */
export async function addTask(tx: Db, { task }: MessageType, message: Message, placed: Placed): Promise<void> {
  if (!task) return;
  const dueAt = dueIn(message, task.dueData) ?? expiryOf(task.within, new Date(placed.receivedAt)).toISOString();
  const row = { mailbox: placed.mailbox, message_id: message.id, due_at: dueAt, state: 'open' };
  await addRowOnce(tx, 'tasks', row);
}

/** The end of the day that the message itself names; undefined when it names none. */
function dueIn({ businessData }: Message, key: string | undefined): string | undefined {
  const [value = {}] = businessData.find((data) => data.key === key)?.values ?? [];
  const day = Object.values(value).find((text) => /^\d{4}-\d\d-\d\d$/.test(text ?? ''));
  const end = new Date(`${day}T23:59:59.999Z`);
  return Number.isNaN(end.getTime()) ? undefined : end.toISOString();
}

/** Notes that a task is done, also one that is overdue. @returns false when there is none, or it is done already. */
export async function completeTask(
  tx: Db,
  { mailbox, messageId }: Pick<Task, 'mailbox' | 'messageId'>,
  { who, now }: { readonly who: string; readonly now: Date },
): Promise<boolean> {
  const at = now.toISOString();
  const sql = `update tasks set state = 'done', done_at = ?, done_by = ?
    where mailbox = ? and message_id = ? and state <> 'done'`;
  if ((await change(tx, sql, [at, who, mailbox, messageId])) === 0) return false;
  await audit(tx, { at: now, who, what: 'task done', subject: messageId, outcome: 'done', facts: { mailbox } });
  return true;
}

/** Which tasks of a mailbox are asked for. */
export interface TaskFilter {
  readonly state?: Task['state'];
  /** Of these partitions only; absent: of all. */
  readonly partitions?: readonly string[];
  /** Of these message types only; absent: of all. */
  readonly types?: readonly string[];
}

/** The tasks of a mailbox, the soonest due first. */
export async function tasksOf(
  db: Db,
  mailbox: number,
  { state, partitions, types }: TaskFilter,
  limit: number,
): Promise<Task[]> {
  const places = (list: readonly string[]) => list.map(() => '?').join(', ') || 'null';
  const where = [
    't.mailbox = ?',
    ...(state === undefined ? [] : ['t.state = ?']),
    ...(partitions ? [`m.partition in (${places(partitions)})`] : []),
    ...(types ? [`m.message_type in (${places(types)})`] : []),
  ];
  const rows = await rowsOf<Row>(
    db,
    `select t.*, m.message_type, m.partition from tasks t
     join mailbox_messages m on m.mailbox = t.mailbox and m.message_id = t.message_id
     where ${where.join(' and ')} order by t.due_at, t.message_id limit ?`,
    [mailbox, ...(state === undefined ? [] : [state]), ...(partitions ?? []), ...(types ?? []), limit],
  );
  return rows.map(fromRow);
}

interface Row {
  readonly mailbox: number;
  readonly message_id: string;
  readonly message_type: string;
  readonly partition: string;
  readonly due_at: string;
  readonly state: string;
  readonly done_at: string | null;
}

const fromRow = (row: Row): Task => ({
  mailbox: row.mailbox,
  messageId: row.message_id,
  messageType: row.message_type,
  partition: row.partition,
  dueAt: row.due_at,
  state: row.state as Task['state'],
  ...(row.done_at !== null && { doneAt: row.done_at }),
});
