import type { Clock } from '../core/clock.ts';
import { addNotice } from '../mailboxes/notices.ts';
import type { Db } from '../store/database.ts';
import { change, rowsOf } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';

export interface TaskReminders {
  readonly db: Db;
  readonly clock: Clock;
  /** Days before a task is due on which its owner is reminded. */
  readonly taskDays: readonly number[];
  /** Throws when this process may not go on. */
  readonly proceed?: () => void;
}

const DAY_MS = 86_400_000;
const PAGE = 200;
const MOST = 2_147_483_647; // no mailbox has a higher number

/**
 * Reminds of tasks that are due soon, each day that is configured once, and turns those whose day has gone by overdue.
 * A reminder that would have come before the task did is none; after an outage only the last that is due is given.
 *
 * @returns how many were reminded of and how many are overdue now.
 */
export async function remindOfTasks({ db, clock, taskDays, proceed }: TaskReminders) {
  const now = clock();
  const days = [...taskDays].sort((one, other) => one - other);
  let reminded = 0;
  for (const [index, day] of days.entries()) {
    const nearer = days[index - 1] ?? 0;
    reminded += await remindOf({ db, now, proceed }, day, nearer);
  }
  const overdue = await change(db, `update tasks set state = 'overdue' where state = 'open' and due_at <= ?`, [
    now.toISOString(),
  ]);
  return { tasksReminded: reminded, tasksOverdue: overdue };
}

interface Run {
  readonly db: Db;
  readonly now: Date;
  readonly proceed: (() => void) | undefined;
}

/** Of what is due within `day` days, and not within `nearer`: that has a reminder of its own. */
async function remindOf({ db, now, proceed }: Run, day: number, nearer: number): Promise<number> {
  const within = (days: number) => new Date(now.getTime() + days * DAY_MS).toISOString();
  let reminded = 0;
  for (let after: Cursor | undefined = [within(nearer), MOST, '']; after; ) {
    proceed?.();
    const rows: Row[] = await rowsOf<Row>(db, DUE, [within(day), day, ...after, PAGE]);
    reminded += await inTransaction(db, (tx) => remindAll(tx, inOrder(rows), day, now));
    const last = rows.at(-1);
    after = last && [last.due_at, last.mailbox, last.message_id];
  }
  return reminded;
}

/** Where a page ended. */
type Cursor = readonly [dueAt: string, mailbox: number, messageId: string];

const DUE = `select t.*, m.received_at from (
    select mailbox, message_id, due_at from tasks
    where state = 'open' and due_at <= ? and (reminded_days is null or reminded_days > ?)
      and (due_at, mailbox, message_id) > (?, ?, ?) order by due_at, mailbox, message_id limit ?) t
  join mailbox_messages m on m.mailbox = t.mailbox and m.message_id = t.message_id
  order by t.due_at, t.mailbox, t.message_id`;

/** By mailbox: two runs at once take the rows in the same order. */
const inOrder = (rows: readonly Row[]) =>
  [...rows].sort((one, other) => one.mailbox - other.mailbox || (one.message_id < other.message_id ? -1 : 1));

async function remindAll(tx: Db, rows: readonly Row[], days: number, now: Date): Promise<number> {
  let reminded = 0;
  for (const { mailbox, message_id: messageId, due_at: dueAt, received_at: receivedAt } of rows) {
    const sql = `update tasks set reminded_days = ? where mailbox = ? and message_id = ? and state = 'open'
      and (reminded_days is null or reminded_days > ?)`;
    if ((await change(tx, sql, [days, mailbox, messageId, days])) === 0) continue;
    const early = new Date(dueAt).getTime() - days * DAY_MS <= new Date(receivedAt).getTime();
    if (early) continue;
    await addNotice(tx, { mailbox, messageId, kind: 'task', days, at: now.toISOString() });
    reminded += 1;
  }
  return reminded;
}

interface Row {
  readonly mailbox: number;
  readonly message_id: string;
  readonly due_at: string;
  readonly received_at: string;
}
