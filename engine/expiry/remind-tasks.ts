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
  for (let page = PAGE; page === PAGE; ) {
    proceed?.();
    const rows = await rowsOf<Row>(db, DUE, [within(nearer), within(day), day, PAGE]);
    page = rows.length;
    reminded += await inTransaction(db, (tx) => remindAll(tx, rows, day, now));
  }
  return reminded;
}

const DUE = `select t.mailbox, t.message_id, t.due_at, m.received_at from tasks t
  join mailbox_messages m on m.mailbox = t.mailbox and m.message_id = t.message_id
  where t.state = 'open' and t.due_at > ? and t.due_at <= ? and (t.reminded_days is null or t.reminded_days > ?)
  order by t.mailbox, t.message_id limit ?`;

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
