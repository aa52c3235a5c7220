import type { MailboxKey } from '../mailboxes/mailboxes.ts';
import { type Placed, type PlacedRow, placedOf } from '../mailboxes/placed.ts';
import type { Db } from '../store/database.ts';
import { type Binding, rowsOf } from '../store/sql.ts';
import { NOT_HELD } from './holds.ts';

/** A message in a mailbox that no hold covers. */
export interface Unheld {
  readonly placed: Placed;
  readonly mailbox: MailboxKey;
  /** Days before the expiry of the last warning; null: none yet. */
  readonly warnedDays: number | null;
}

/** Which messages are looked at: conditions on `m` (mailbox_messages), and the column that they are gone through by. */
export interface Selection {
  readonly where: string;
  readonly bindings: readonly Binding[];
  readonly by: 'expires_at' | 'received_at';
}

/** Where a page ended; the next begins after it. */
export type Cursor = readonly [at: string, mailbox: number, position: number];

/** Before every message. */
export const START: Cursor = ['', 0, 0];

/** A page without what is held on it, perhaps empty; `after` is absent when there is nothing behind it. */
export interface Page {
  readonly unheld: readonly Unheld[];
  readonly after?: Cursor;
}

/**
 * The next `limit` messages of a selection, in the order of its column. Holds are asked of these only: a condition on holds
 * beside the limit may make the database judge all that is left, for every page.
 */
export async function readUnheld(
  db: Db,
  { where, bindings, by }: Selection,
  after: Cursor,
  limit: number,
): Promise<Page> {
  const sql = `select m.*, b.kind, b.ebox_id, ${NOT_HELD} as unheld from (
      select m.* from mailbox_messages m where ${where} and (m.${by}, m.mailbox, m.position) > (?, ?, ?)
      order by m.${by}, m.mailbox, m.position limit ?) m
    join mailboxes b on b.id = m.mailbox order by m.${by}, m.mailbox, m.position`;
  const rows = await rowsOf<Row>(db, sql, [...bindings, ...after, limit]);
  const last = rows.at(-1);
  return {
    unheld: rows.filter((row) => row.unheld).map(unheldOf),
    ...(last && { after: [last[by], last.mailbox, last.position] }),
  };
}

interface Row extends PlacedRow {
  readonly kind: MailboxKey['kind'];
  readonly ebox_id: string;
  readonly warned_days: number | null;
  readonly unheld: boolean | number;
}

const unheldOf = (row: Row): Unheld => ({
  placed: placedOf(row),
  mailbox: { kind: row.kind, eboxId: row.ebox_id },
  warnedDays: row.warned_days,
});
