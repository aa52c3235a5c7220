import type { Db } from '../store/database.ts';
import { addRow, placesFor, rowsOf, write } from '../store/sql.ts';
import { count, recount, type Sort } from './counts.ts';
import { lockMailbox, nextPlace } from './mailboxes.ts';
import { type Message, sizeOf } from './messages.ts';

/** A message in a mailbox, and what its owner did with it. */
export interface Placed {
  /** Of the mailbox. */
  readonly mailbox: number;
  /** From 1, in the order of arrival; never used twice in a mailbox. */
  readonly position: number;
  readonly messageId: string;
  readonly messageType: string;
  readonly senderOrganisation: string;
  readonly senderApplication: string;
  readonly registered: boolean;
  readonly partition: string;
  readonly receivedAt: string;
  readonly expiresAt: string;
  /** When the main content was got for the first time; absent: unread. */
  readonly firstReadAt?: string;
  readonly visible: boolean;
  /** It does not expire. */
  readonly hold: boolean;
}

/** Where a message is put. */
export interface Placing {
  /** Of the mailbox. */
  readonly mailbox: number;
  readonly partition: string;
  readonly expiresAt: Date;
  /** What it is found by: see fold.ts. */
  readonly search: string;
}

/**
 * Puts a message into a mailbox, which it takes: see lockMailbox.
 *
 * @returns undefined when it lies there already.
 */
export async function placeMessage(tx: Db, message: Message, place: Placing, now: Date): Promise<Placed | undefined> {
  const { mailbox, partition, expiresAt, search } = place;
  await lockMailbox(tx, mailbox);
  if (await findPlaced(tx, mailbox, message.id)) return undefined;
  const { position, receivedAt } = await nextPlace(tx, mailbox, now);
  const { id: messageId, messageType, senderOrganisation, senderApplication, registered } = message;
  const about = { messageId, messageType, senderOrganisation, senderApplication, registered, partition };
  const state = { expiresAt: expiresAt.toISOString(), visible: true, hold: false };
  const placed: Placed = { mailbox, position, receivedAt, ...about, ...state };
  await addRow(tx, 'mailbox_messages', rowOf(placed));
  await addRow(tx, 'mailbox_search', { mailbox, position, search });
  await count(tx, mailbox, sortOf(placed), { messages: 1, bytes: sizeOf(message) });
  return placed;
}

/** The sort that a message counts as: see counts.ts. */
export function sortOf({ firstReadAt, ...placed }: Placed): Sort {
  return { ...placed, read: firstReadAt !== undefined };
}

/** The message in this mailbox; undefined when it does not lie there. */
export async function findPlaced(db: Db, mailbox: number, messageId: string): Promise<Placed | undefined> {
  return (await findAllPlaced(db, mailbox, [messageId]))[0];
}

/** Those of these messages that lie in this mailbox, newest first. */
export async function findAllPlaced(db: Db, mailbox: number, messageIds: readonly string[]): Promise<Placed[]> {
  if (messageIds.length === 0) return [];
  const rows = await rowsOf<PlacedRow>(
    db,
    `select * from mailbox_messages where mailbox = ? and message_id in (${placesFor(messageIds)}) order by position desc`,
    [mailbox, ...messageIds],
  );
  return rows.map(placedOf);
}

/** Notes that the main content was got. @returns false when it had been before. */
export async function markRead(tx: Db, { mailbox, messageId }: Placed, now: Date): Promise<boolean> {
  await lockMailbox(tx, mailbox);
  const placed = await findPlaced(tx, mailbox, messageId);
  if (!placed || placed.firstReadAt !== undefined) return false;
  const at = now.toISOString();
  await write(tx, 'update mailbox_messages set first_read_at = ? where mailbox = ? and position = ?', [
    at,
    mailbox,
    placed.position,
  ]);
  const read = { ...sortOf(placed), read: true };
  await recount(tx, mailbox, sortOf(placed), read, await bytesOf(tx, messageId));
  return true;
}

/** Hides messages, or shows them again. The caller has seen that they lie in the mailbox. */
export async function setVisible(tx: Db, mailbox: number, wanted: ReadonlyMap<string, boolean>): Promise<void> {
  await lockMailbox(tx, mailbox);
  for (const placed of await findAllPlaced(tx, mailbox, [...wanted.keys()])) {
    const visible = wanted.get(placed.messageId) ?? placed.visible;
    if (visible === placed.visible) continue;
    const place = [mailbox, placed.position];
    await write(tx, 'update mailbox_messages set visible = ? where mailbox = ? and position = ?', [visible, ...place]);
    const bytes = await bytesOf(tx, placed.messageId);
    await recount(tx, mailbox, sortOf(placed), { ...sortOf(placed), visible }, bytes);
  }
}

async function bytesOf(db: Db, messageId: string): Promise<number> {
  const [row] = await rowsOf<{ size: string | number }>(db, 'select size from messages where id = ?', [messageId]);
  return Number(row?.size ?? 0);
}

/** A row of `mailbox_messages`. */
export interface PlacedRow {
  readonly mailbox: number;
  readonly position: number;
  readonly message_id: string;
  readonly message_type: string;
  readonly sender_organisation: string;
  readonly sender_application: string;
  readonly registered: boolean | number;
  readonly partition: string;
  readonly received_at: string;
  readonly expires_at: string;
  readonly first_read_at: string | null;
  readonly visible: boolean | number;
  readonly hold: boolean | number;
}

const rowOf = (placed: Placed): PlacedRow & Record<string, string | number | boolean | null> => ({
  mailbox: placed.mailbox,
  position: placed.position,
  message_id: placed.messageId,
  message_type: placed.messageType,
  sender_organisation: placed.senderOrganisation,
  sender_application: placed.senderApplication,
  registered: placed.registered,
  partition: placed.partition,
  received_at: placed.receivedAt,
  expires_at: placed.expiresAt,
  first_read_at: placed.firstReadAt ?? null,
  visible: placed.visible,
  hold: placed.hold,
});

/** The message in a mailbox that a row tells of. */
export const placedOf = (row: PlacedRow): Placed => ({
  mailbox: row.mailbox,
  position: row.position,
  messageId: row.message_id,
  messageType: row.message_type,
  senderOrganisation: row.sender_organisation,
  senderApplication: row.sender_application,
  registered: Boolean(row.registered),
  partition: row.partition,
  receivedAt: row.received_at,
  expiresAt: row.expires_at,
  ...(row.first_read_at !== null && { firstReadAt: row.first_read_at }),
  visible: Boolean(row.visible),
  hold: Boolean(row.hold),
});
