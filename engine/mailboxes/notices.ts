import type { Db } from '../store/database.ts';
import { change, insertRow, placesFor, rowsOf } from '../store/sql.ts';

/** What somebody is told of at once, and not only in the summary of the day. */
export const NOTICE_KINDS = ['registered', 'expiring', 'task'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** Something about a message in a mailbox that its owner is to be told of. */
export interface Notice {
  /** Id of the mailbox. */
  readonly mailbox: number;
  readonly messageId: string;
  readonly kind: NoticeKind;
  /** Of a warning: how many days before. */
  readonly days: number;
  readonly at: string;
}

/** Notes it in the caller's transaction, for those who send mails. @returns false when it was noted before. */
export function addNotice(tx: Db, { mailbox, messageId, kind, days, at }: Notice): Promise<boolean> {
  return insertRow(tx, 'mailbox_notices', { mailbox, message_id: messageId, kind, days, at }, 'orIgnore');
}

/** A notice with what it is taken away by. */
export interface StoredNotice extends Notice {
  readonly id: number;
}

/** The first so many that nobody has taken, in the order they were noted. */
export async function waitingNotices(db: Db, limit: number): Promise<StoredNotice[]> {
  const rows = await rowsOf<Row>(db, 'select * from mailbox_notices order by id limit ?', [limit]);
  return rows.map(({ message_id: messageId, id, kind, ...row }) => ({
    ...row,
    ...{ id: Number(id), messageId, kind: kind as NoticeKind },
  }));
}

/** Takes notices away, in the transaction of what comes of them. @returns those that nobody had taken before. */
export async function takeNotices(tx: Db, ids: readonly number[]): Promise<Set<number>> {
  if (ids.length === 0) return new Set();
  const sql = `delete from mailbox_notices where id in (${placesFor(ids)}) returning id`;
  const rows = await rowsOf<{ id: number | string }>(tx, sql, ids);
  return new Set(rows.map(({ id }) => Number(id)));
}

/** Forgets those noted before an instant: where nobody sends mails they are of no use. */
export const forgetNotices = (db: Db, before: Date): Promise<number> =>
  change(db, 'delete from mailbox_notices where at < ?', [before.toISOString()]);

interface Row {
  readonly id: number | string;
  readonly mailbox: number;
  readonly message_id: string;
  readonly kind: string;
  readonly days: number;
  readonly at: string;
}
