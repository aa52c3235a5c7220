import { type Db, isSqlite } from '../store/database.ts';
import { addRowOnce, change, rowsOf, write } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';
import type { Translated } from './message-types.ts';

/** What is told of a document (protocol §2.4). */
export const EVENT_TYPES = ['newDocument', 'newDocumentReminder', 'documentExpirationAlert', 'readDocument'] as const;
export type MailboxEventType = (typeof EVENT_TYPES)[number];

/** An event as the feed gives it (event interface 1.1.1); it stays as it was, whatever becomes of the document. */
export interface MailboxEvent {
  readonly eventType: MailboxEventType;
  readonly eventCorrelationId?: string;
  /** Ten digits. */
  readonly enterpriseId: string;
  readonly messageId: string;
  readonly receiptDate: string;
  readonly expirationDate: string;
  readonly registeredMail: boolean;
  readonly messageTypeId?: string;
  readonly senderOrganizationId?: string;
  readonly senderApplicationId?: string;
  readonly subject?: Translated;
}

/** Who tells of an event, and when. */
export interface Told {
  /** The document provider. */
  readonly provider: string;
  readonly at: Date;
}

/** An event with its place in the feed. */
export interface NumberedEvent extends MailboxEvent {
  readonly sequence: number;
  readonly at: string;
  readonly provider: string;
}

/**
 * Adds an event in the caller's transaction. Writers do not wait for each other: it gets its number when it is read.
 *
 * @returns false when the provider has told of it before (same kind, document and mailbox).
 */
export async function addMailboxEvent(tx: Db, event: MailboxEvent, { provider, at }: Told): Promise<boolean> {
  const { eventType: type, enterpriseId, messageId } = event;
  const key = `${type}:${enterpriseId}:${messageId}`;
  const about = { provider, event_key: key, type, ebox_id: enterpriseId };
  return addRowOnce(tx, 'mailbox_events', { ...about, at: at.toISOString(), data: JSON.stringify(event) });
}

export interface EventPage {
  readonly events: readonly NumberedEvent[];
  /** Read on from here. */
  readonly lastSequence: number;
  readonly hasNext: boolean;
}

export interface EventQuery {
  /** Events after this number; 0 from the beginning. */
  readonly after: number;
  readonly limit: number;
  /** Events from this instant on. */
  readonly since?: Date;
}

/**
 * Reads the feed. Numbers have no gaps, and what a reader has seen a number of never gets company before it: numbers are given
 * to rows that are committed, by one reader at a time.
 */
export async function readEvents(db: Db, { after, limit, since }: EventQuery): Promise<EventPage> {
  await numberEvents(db);
  const rows = await rowsOf<EventRow>(
    db,
    `select sequence, at, provider, data from mailbox_events
     where sequence > ?${since ? ' and at >= ?' : ''} order by sequence limit ?`,
    [after, ...(since ? [since.toISOString()] : []), limit + 1],
  );
  const events = rows.slice(0, limit).map(fromRow);
  return { events, lastSequence: events.at(-1)?.sequence ?? after, hasNext: rows.length > limit };
}

/** Numbered events about one owner's mailboxes, in order. */
export async function eventsOf(
  db: Db,
  eboxId: string,
  { after, limit }: Omit<EventQuery, 'since'>,
): Promise<NumberedEvent[]> {
  const sql = `select sequence, at, provider, data from mailbox_events
    where ebox_id = ? and sequence > ? order by sequence limit ?`;
  return (await rowsOf<EventRow>(db, sql, [eboxId, after, limit])).map(fromRow);
}

const BATCH = 5_000;

/** Numbers what was committed since it was last called; what comes meanwhile waits for the next. */
export async function numberEvents(db: Db): Promise<void> {
  for (let numbered = BATCH; numbered === BATCH; ) {
    if (!(await hasUnnumbered(db))) return;
    numbered = await inTransaction(db, numberBatch);
  }
}

async function hasUnnumbered(db: Db): Promise<boolean> {
  return (await rowsOf(db, 'select id from mailbox_events where sequence is null limit 1')).length > 0;
}

async function numberBatch(tx: Db): Promise<number> {
  const lock = isSqlite(tx) ? '' : ' for update';
  const [row] = await rowsOf<{ last: string | number }>(
    tx,
    `select last from mailbox_event_numbers where id = 1${lock}`,
  );
  const last = Number(row?.last ?? 0);
  const numbered = await change(tx, NUMBER, [last, BATCH]);
  if (numbered > 0) await write(tx, 'update mailbox_event_numbers set last = ? where id = 1', [last + numbered]);
  return numbered;
}

const NUMBER = `update mailbox_events set sequence = numbered.number
  from (select id, row_number() over (order by id) + cast(? as bigint) as number
    from (select id from mailbox_events where sequence is null order by id limit ?) as waiting) as numbered
  where mailbox_events.id = numbered.id`;

interface EventRow {
  readonly sequence: string | number;
  readonly at: string;
  readonly provider: string;
  readonly data: string;
}

function fromRow({ sequence, at, provider, data }: EventRow): NumberedEvent {
  return { ...(JSON.parse(data) as MailboxEvent), sequence: Number(sequence), at, provider };
}
