import type { Db } from '../store/database.ts';
import { addRowOnce, change, rowsOf } from '../store/sql.ts';

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
  return addRowOnce(tx, 'mailbox_notices', { mailbox, message_id: messageId, kind, days, at });
}

/** Notices of a mailbox that are told together; of registered mail each is told on its own. */
export interface NoticeGroup {
  /** Id of the mailbox. */
  readonly mailbox: number;
  readonly kind: NoticeKind;
  readonly days: number;
  /** The message of registered mail; absent: of all. */
  readonly messageId?: string;
}

/** The first so many groups that nobody has taken. */
export async function waitingGroups(db: Db, limit: number): Promise<NoticeGroup[]> {
  const rows = await rowsOf<Omit<NoticeGroup, 'messageId'> & { readonly single: string | null }>(db, GROUPS, [limit]);
  return rows.map(({ single, ...group }) => ({ ...group, ...(single !== null && { messageId: single }) }));
}

const GROUPS = `select mailbox, kind, days, case when kind = 'registered' then message_id end as single
  from mailbox_notices group by mailbox, kind, days, case when kind = 'registered' then message_id end
  order by min(id) limit ?`;

/** Takes the notices of a group away, in the transaction of what comes of them. @returns their ids. */
export async function takeNotices(tx: Db, { mailbox, kind, days, messageId }: NoticeGroup): Promise<number[]> {
  const one = messageId === undefined ? '' : ' and message_id = ?';
  const bindings = [mailbox, kind, days, ...(messageId === undefined ? [] : [messageId])];
  const sql = `delete from mailbox_notices where mailbox = ? and kind = ? and days = ?${one} returning id`;
  const rows = await rowsOf<{ id: number | string }>(tx, sql, bindings);
  return rows.map(({ id }) => Number(id));
}

/** Forgets those noted before an instant: where nobody sends mails they are of no use. */
export const forgetNotices = (db: Db, before: Date): Promise<number> =>
  change(db, 'delete from mailbox_notices where at < ?', [before.toISOString()]);
