import { totalsOf } from '../mailboxes/counts.ts';
import { type Mailbox, mailboxById } from '../mailboxes/mailboxes.ts';
import { type NoticeGroup, takeNotices, waitingGroups } from '../mailboxes/notices.ts';
import type { Db } from '../store/database.ts';
import { rowsOf } from '../store/sql.ts';
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
  const count = await arrivedBetween(tx, id, await summedUpTo(tx, id, slot), slot.toISOString());
  if (count === 0) return 0;
  const unread = (await totalsOf(tx, id, { read: false, visible: true })).messages;
  return queueForAll(
    tx,
    mailbox,
    { kind: 'summary', key: slot.toISOString().slice(0, 10), facts: { count, unread } },
    slot,
  );
}

/** The end of what the last summary counted, at most a week ago. */
async function summedUpTo(tx: Db, id: number, slot: Date): Promise<string> {
  const earliest = new Date(slot.getTime() - LOOK_BACK_MS).toISOString();
  const last = (await lastSummary(tx, id)) ?? earliest;
  return last > earliest ? last : earliest;
}

async function arrivedBetween(tx: Db, id: number, from: string, to: string): Promise<number> {
  const sql = `select count(*) as arrived from mailbox_messages
    where mailbox = ? and received_at >= ? and received_at < ? and visible`;
  const [row] = await rowsOf<{ arrived: number | string }>(tx, sql, [id, from, to]);
  return Number(row?.arrived ?? 0);
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
