import { totalsOf } from '../mailboxes/counts.ts';
import { type Mailbox, mailboxById } from '../mailboxes/mailboxes.ts';
import { type NoticeGroup, takeNotices, waitingGroups } from '../mailboxes/notices.ts';
import type { Db } from '../store/database.ts';
import { rowsOf, write } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';
import { addressesOf, factsOf } from './mail-addresses.ts';
import type { MailFacts, MailKind } from './mail-outlet.ts';
import { lastSummary, queueMail } from './mails.ts';

const DAY_MS = 86_400_000;
const LOOK_BACK_MS = 7 * DAY_MS; // after a longer outage, and of a mailbox that never had a summary
const PAGE = 200;

/** How far the planning of a day's summaries may go on. */
export interface PlanRun {
  /** The time of the summaries of this day: what came before it counts. */
  readonly slot: Date;
  /** Throws when this process may not go on. */
  readonly proceed?: () => void;
}

/**
 * Queues the summary of a day for each mailbox that something came into since its last one: one for each address, however often it
 * is planned and by however many, since the store takes one mail for a mailbox, an address and a day.
 *
 * @returns how many mails were queued.
 */
export async function planSummaries(db: Db, { slot, proceed }: PlanRun): Promise<number> {
  const since = new Date(slot.getTime() - LOOK_BACK_MS).toISOString();
  let queued = 0;
  for (let after: number | undefined = 0; after !== undefined; ) {
    proceed?.();
    const ids: readonly number[] = await mailboxesWithNews(db, since, after);
    for (const id of ids) queued += await inTransaction(db, (tx) => planSummary(tx, id, slot));
    after = ids.at(-1);
  }
  return queued;
}

async function mailboxesWithNews(db: Db, since: string, after: number): Promise<number[]> {
  const sql = 'select id from mailboxes where last_received_at >= ? and id > ? order by id limit ?';
  return (await rowsOf<{ id: number }>(db, sql, [since, after, PAGE])).map(({ id }) => id);
}

async function planSummary(tx: Db, id: number, slot: Date): Promise<number> {
  const mailbox = await mailboxById(tx, id);
  if (!mailbox) return 0;
  const { count, last } = await arrivedSince(tx, id, await summedUpTo(tx, id, slot), slot.toISOString());
  if (count === 0) return 0;
  const unread = (await totalsOf(tx, id, { read: false, visible: true })).messages;
  const summary = { kind: 'summary', key: slot.toISOString().slice(0, 10), facts: { count, unread } } as const;
  const queued = await queueForAll(tx, mailbox, summary, slot);
  if (queued > 0) await write(tx, 'update mailboxes set summed_position = ? where id = ?', [last, id]);
  return queued;
}

/** Where the last summary ended: by position, or by time for one of an earlier release; at most a week ago. */
interface Summed {
  readonly position: number;
  readonly from: string;
}

async function summedUpTo(tx: Db, id: number, slot: Date): Promise<Summed> {
  const earliest = new Date(slot.getTime() - LOOK_BACK_MS).toISOString();
  const sql = 'select summed_position as position from mailboxes where id = ?';
  const [row] = await rowsOf<{ position: number | null }>(tx, sql, [id]);
  if (typeof row?.position === 'number') return { position: row.position, from: earliest };
  const last = (await lastSummary(tx, id)) ?? earliest;
  return { position: 0, from: last > earliest ? last : earliest };
}

/**
 * What came before `to`. A message may be committed after the plan that its time of arrival was for; but positions are given
 * one after the other, and times go up with them: it comes behind the last that was counted.
 */
async function arrivedSince(tx: Db, id: number, { position, from }: Summed, to: string) {
  const sql = `select sum(case when visible then 1 else 0 end) as arrived, max(position) as last from mailbox_messages
    where mailbox = ? and position > ? and received_at >= ? and received_at < ?`;
  const [row] = await rowsOf<{ arrived: number | string | null; last: number | null }>(tx, sql, [
    id,
    position,
    from,
    to,
  ]);
  return { count: Number(row?.arrived ?? 0), last: row?.last ?? position };
}

/** Queues mails for what is to be told at once: registered mail one by one, the rest by what it is. @returns how many. */
export async function planNotices(db: Db, now: Date, proceed?: () => void): Promise<number> {
  let queued = 0;
  for (let groups = await waitingGroups(db, PAGE); groups.length > 0; groups = await waitingGroups(db, PAGE)) {
    proceed?.();
    for (const group of groups) queued += await inTransaction(db, (tx) => planGroup(tx, group, now));
  }
  return queued;
}

async function planGroup(tx: Db, group: NoticeGroup, now: Date): Promise<number> {
  const taken = await takeNotices(tx, group);
  const mailbox = await mailboxById(tx, group.mailbox);
  if (taken.length === 0 || !mailbox) return 0;
  const { kind, days } = group;
  const facts = { count: taken.length, ...(kind !== 'registered' && { days }) };
  return queueForAll(tx, mailbox, { kind, key: `notice ${Math.max(...taken)}`, facts }, now);
}

interface Planned {
  readonly kind: MailKind;
  readonly key: string;
  readonly facts: MailFacts;
}

async function queueForAll(tx: Db, mailbox: Mailbox, { kind, key, facts }: Planned, now: Date): Promise<number> {
  let queued = 0;
  for (const { address, language, confirmed } of await addressesOf(tx, mailbox, now)) {
    if (!confirmed) continue;
    const all = { ...(await factsOf(tx, mailbox, language)), ...facts };
    const added = await queueMail(tx, { mailbox: mailbox.id, address, language, kind, key, facts: all }, now);
    if (added) queued += 1;
  }
  return queued;
}
