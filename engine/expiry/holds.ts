import { EngineError } from '../core/errors.ts';
import { changeMailbox, findMailbox, type MailboxKey } from '../mailboxes/mailboxes.ts';
import { lockAlone, lockShared } from '../store/advisory-locks.ts';
import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { rowsOf, write } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';

/** What a hold stops the expiry of: one message wherever it lies, all of a type, or all that lies in a mailbox. */
export type HeldThing =
  | { readonly kind: 'message'; readonly messageId: string }
  | { readonly kind: 'type'; readonly messageType: string }
  | { readonly kind: 'mailbox'; readonly mailbox: MailboxKey };

/** Who decides, why and when. */
export interface HoldDecision {
  readonly who: string;
  /** One line; no INSS number. */
  readonly reason: string;
  readonly now: Date;
}

/** A hold that stands; several may stand on the same thing. */
export interface Hold {
  readonly id: number;
  readonly thing: HeldThing;
  readonly reason: string;
  readonly who: string;
  readonly at: string;
}

/**
 * Adds a hold: once this has resolved nothing that it covers is removed, not by a run that is under way either.
 * Throws not_found when there is no such message or mailbox. @returns the number that ends it.
 */
export function addHold(db: Db, thing: HeldThing, { who, reason, now }: HoldDecision): Promise<number> {
  return inTransaction(db, async (tx) => {
    await excludeRemoval(tx);
    const columns = await columnsOf(tx, thing);
    const [row] = await rowsOf<{ id: number }>(tx, ADD, [...columns, reason, who, now.toISOString()]);
    const id = row?.id ?? 0;
    await mark(tx, columns);
    const line = { at: now, who, what: 'hold added', subject: subjectOf(thing), outcome: 'held' } as const;
    await audit(tx, { ...line, facts: { hold: id, reason } });
    return id;
  });
}

const ADD = `insert into holds (message_id, message_type, mailbox, reason, who, at)
  values (?, ?, ?, ?, ?, ?) returning id`;

/** Ends a hold; what no other hold covers expires at its announced date, or with the next run. Throws not_found. */
export function removeHold(db: Db, id: number, { who, reason, now }: HoldDecision): Promise<Hold> {
  return inTransaction(db, async (tx) => {
    const [hold] = (await listHolds(tx)).filter((one) => one.id === id);
    if (!hold) throw new EngineError('not_found', `there is no hold ${id}`);
    await write(tx, 'delete from holds where id = ?', [id]);
    await mark(tx, await columnsOf(tx, hold.thing, false));
    const line = { at: now, who, what: 'hold removed', subject: subjectOf(hold.thing), outcome: 'ended' } as const;
    await audit(tx, { ...line, facts: { hold: id, reason } });
    return hold;
  });
}

/** Every hold that stands, the oldest first. */
export async function listHolds(db: Db): Promise<Hold[]> {
  const rows = await rowsOf<Row>(
    db,
    `select h.*, b.kind, b.ebox_id from holds h left join mailboxes b on b.id = h.mailbox order by h.id`,
  );
  return rows.map((row) => ({ id: row.id, thing: thingOf(row), reason: row.reason, who: row.who, at: row.at }));
}

/** Condition that a row `m` of mailbox_messages in a mailbox `b` is covered by no hold. */
export const NOT_HELD = `not m.hold and not b.hold
  and not exists (select 1 from holds where message_id = m.message_id)
  and not exists (select 1 from holds where message_type = m.message_type)
  and not exists (select 1 from holds where mailbox = m.mailbox)`;

/** In a transaction that removes: holds that are added meanwhile wait for its end. SQLite has one writer. */
export async function admitRemoval(tx: Db): Promise<void> {
  await lockShared(tx, 'removal');
}

async function excludeRemoval(tx: Db): Promise<void> {
  await lockAlone(tx, 'removal');
}

type Columns = readonly [messageId: string | null, messageType: string | null, mailbox: number | null];

async function columnsOf(tx: Db, thing: HeldThing, required = true): Promise<Columns> {
  if (thing.kind === 'type') return [null, thing.messageType, null];
  if (thing.kind === 'mailbox') {
    const found = await findMailbox(tx, thing.mailbox);
    if (!found) throw new EngineError('not_found', 'there is no such mailbox');
    return [null, null, found.id];
  }
  const { messageId } = thing;
  const found = await rowsOf(tx, 'select 1 from mailbox_messages where message_id = ? limit 1', [messageId]);
  if (required && found.length === 0) throw new EngineError('not_found', `no mailbox holds a message ${messageId}`);
  return [messageId, null, null];
}

/** The flags that mailboxes and messages are shown with follow the holds that stand. */
async function mark(tx: Db, [messageId, , mailbox]: Columns): Promise<void> {
  if (messageId !== null) {
    const held = (await rowsOf(tx, 'select 1 from holds where message_id = ?', [messageId])).length > 0;
    await write(tx, 'update mailbox_messages set hold = ? where message_id = ?', [held, messageId]);
  }
  if (mailbox !== null) {
    const held = (await rowsOf(tx, 'select 1 from holds where mailbox = ?', [mailbox])).length > 0;
    await changeMailbox(tx, mailbox, { hold: held });
  }
}

/** For people; an INSS number in it is hidden where it is audited. */
export function subjectOf(thing: HeldThing): string {
  if (thing.kind === 'message') return `message ${thing.messageId}`;
  return thing.kind === 'type' ? `type ${thing.messageType}` : `mailbox ${thing.mailbox.kind}:${thing.mailbox.eboxId}`;
}

interface Row {
  readonly id: number;
  readonly message_id: string | null;
  readonly message_type: string | null;
  readonly kind: MailboxKey['kind'];
  readonly ebox_id: string;
  readonly reason: string;
  readonly who: string;
  readonly at: string;
}

function thingOf(row: Row): HeldThing {
  if (row.message_id !== null) return { kind: 'message', messageId: row.message_id };
  if (row.message_type !== null) return { kind: 'type', messageType: row.message_type };
  return { kind: 'mailbox', mailbox: { kind: row.kind, eboxId: row.ebox_id } };
}
