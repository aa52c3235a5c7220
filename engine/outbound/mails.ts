import { randomUUID } from 'node:crypto';
import type { Language } from '../registry/organisations.ts';
import type { Db } from '../store/database.ts';
import { addRowOnce, change, rowsOf, write } from '../store/sql.ts';
import type { Mail, MailFacts, MailKind } from './mail-outlet.ts';

/** `refused`: by a mail server at once; `bounced`: later, by a mail; `expired`: nobody took it for days. */
export type MailState = 'queued' | 'sent' | 'refused' | 'bounced' | 'expired';

/** A mail to be queued. The same kind and key to the same address of a mailbox again is the same mail. */
export interface NewMail {
  /** Id of the mailbox. */
  readonly mailbox: number;
  readonly address: string;
  readonly language: Language;
  readonly kind: MailKind;
  /** The day of a summary, the message of a registered one; at most 80 characters. */
  readonly key: string;
  readonly facts: MailFacts;
}

/** A mail with what became of it. */
export interface StoredMail extends Mail {
  readonly mailbox: number;
  readonly key: string;
  readonly state: MailState;
  /** Times that a mail server answered. */
  readonly attempts: number;
  readonly dueAt: string;
  readonly createdAt: string;
  readonly settledAt?: string;
  /** The last that was heard of it. */
  readonly answer?: string;
}

/** Queues a mail in the caller's transaction. @returns false when it was queued before, whatever became of it. */
export function queueMail(tx: Db, { mailbox, address, language, kind, key, facts }: NewMail, now: Date) {
  const at = now.toISOString();
  const about = { id: randomUUID(), mailbox, address, language, kind, subject_key: key };
  const state = { facts: JSON.stringify(facts), state: 'queued', attempts: 0, due_at: at, created_at: at };
  return addRowOnce(tx, 'mails', { ...about, ...state });
}

/** The mails that are due, the longest due first. */
export async function dueMails(db: Db, now: Date, limit: number): Promise<StoredMail[]> {
  const sql = `select * from mails where state = 'queued' and due_at <= ? order by due_at, id limit ?`;
  return (await rowsOf<Row>(db, sql, [now.toISOString(), limit])).map(fromRow);
}

/** Takes a due mail until `until`, when somebody else may. @returns false when somebody else has it. */
export async function claimMail(db: Db, { id, dueAt }: StoredMail, until: Date): Promise<boolean> {
  const sql = `update mails set due_at = ? where id = ? and state = 'queued' and due_at = ?`;
  return (await change(db, sql, [until.toISOString(), id, dueAt])) === 1;
}

/** Queues a claimed mail again. `counted`: a mail server has answered. */
export async function putBack(
  db: Db,
  id: string,
  next: { readonly dueAt: Date; readonly answer: string; readonly counted: boolean },
): Promise<void> {
  const sql = `update mails set due_at = ?, answer = ?, attempts = attempts + ? where id = ? and state = 'queued'`;
  await write(db, sql, [next.dueAt.toISOString(), next.answer, Number(next.counted), id]);
}

/** The end of a mail, in the caller's transaction; what confirms an address is forgotten. @returns false when it has another. */
export async function settleMail(
  tx: Db,
  id: string,
  end: { readonly state: Exclude<MailState, 'queued'>; readonly answer: string; readonly now: Date },
): Promise<boolean> {
  const from = end.state === 'bounced' ? 'sent' : 'queued';
  const sql = `update mails set state = ?, answer = ?, settled_at = ?, attempts = attempts + 1, facts = '{}'
    where id = ? and state = ?`;
  return (await change(tx, sql, [end.state, end.answer, end.now.toISOString(), id, from])) === 1;
}

/** The mail with this id. */
export async function findMail(db: Db, id: string): Promise<StoredMail | undefined> {
  const [row] = await rowsOf<Row>(db, 'select * from mails where id = ?', [id]);
  return row && fromRow(row);
}

/** The newest so many, of one mailbox or of all. */
export async function recentMails(db: Db, limit: number, mailbox?: number): Promise<StoredMail[]> {
  const where = mailbox === undefined ? '' : 'where mailbox = ?';
  const bindings = [...(mailbox === undefined ? [] : [mailbox]), limit];
  const sql = `select * from mails ${where} order by created_at desc, id limit ?`;
  return (await rowsOf<Row>(db, sql, bindings)).map(fromRow);
}

/** Until when the last summary of a mailbox counted: when it was queued. */
export async function lastSummary(db: Db, mailbox: number): Promise<string | undefined> {
  const sql = `select max(created_at) as at from mails where mailbox = ? and kind = 'summary'`;
  const [row] = await rowsOf<{ at: string | null }>(db, sql, [mailbox]);
  return row?.at ?? undefined;
}

/** Where a mailbox had the confirmation of an address sent since then, and when: it stays known when the address is taken away. */
export async function confirmationsSince(
  db: Db,
  mailbox: number,
  since: Date,
): Promise<{ readonly address: string; readonly at: string }[]> {
  const sql = `select address, created_at as at from mails where mailbox = ? and kind = 'confirm' and created_at > ?`;
  return rowsOf(db, sql, [mailbox, since.toISOString()]);
}

/** Forgets mails that ended before an instant. @returns how many. */
export const forgetMails = (db: Db, before: Date): Promise<number> =>
  change(db, `delete from mails where state <> 'queued' and settled_at < ?`, [before.toISOString()]);

interface Row {
  readonly id: string;
  readonly mailbox: number;
  readonly address: string;
  readonly language: string;
  readonly kind: string;
  readonly subject_key: string;
  readonly facts: string;
  readonly state: string;
  readonly attempts: number;
  readonly due_at: string;
  readonly created_at: string;
  readonly settled_at: string | null;
  readonly answer: string | null;
}

const fromRow = (row: Row): StoredMail => ({
  id: row.id,
  mailbox: row.mailbox,
  address: row.address,
  language: row.language as Language,
  kind: row.kind as MailKind,
  key: row.subject_key,
  facts: JSON.parse(row.facts),
  state: row.state as MailState,
  attempts: row.attempts,
  dueAt: row.due_at,
  createdAt: row.created_at,
  ...(row.settled_at !== null && { settledAt: row.settled_at }),
  ...(row.answer !== null && { answer: row.answer }),
});
