import type { MailboxKey } from '../mailboxes/mailboxes.ts';
import { type Placed, type PlacedRow, placedOf } from '../mailboxes/placed.ts';
import type { Db } from '../store/database.ts';
import { rowsOf } from '../store/sql.ts';
import { NOT_HELD } from './holds.ts';

/** A message in a mailbox that a run would remove. */
export interface Due {
  readonly placed: Placed;
  readonly mailbox: MailboxKey;
}

/** What has to have expired for how long. */
export interface Removal {
  /** The instant of the run. */
  readonly at: Date;
  /** How long after its expiry a message stays, in ms. */
  readonly graceMs: number;
}

/** Where a page ended; the next begins after it. */
export type Cursor = readonly [expiresAt: string, mailbox: number, position: number];

const START: Cursor = ['', 0, 0];

/**
 * What a run at this instant removes, in the order it does: expired for longer than the grace time, and covered by no hold.
 * The preview and the run both ask here.
 */
export async function dueForRemoval(
  db: Db,
  { at, graceMs }: Removal,
  { after = START, limit }: { readonly after?: Cursor | undefined; readonly limit: number },
): Promise<Due[]> {
  const expiredBy = new Date(at.getTime() - graceMs).toISOString();
  const rows = await rowsOf<DueRow>(db, DUE, [expiredBy, ...after, limit]);
  return rows.map((row) => ({ placed: placedOf(row), mailbox: { kind: row.kind, eboxId: row.ebox_id } }));
}

const DUE = `select m.*, b.kind, b.ebox_id from mailbox_messages m join mailboxes b on b.id = m.mailbox
  where m.expires_at <= ? and (m.expires_at, m.mailbox, m.position) > (?, ?, ?) and ${NOT_HELD}
  order by m.expires_at, m.mailbox, m.position limit ?`;

/** Where a page of these ends. */
export function cursorAfter(page: readonly Due[]): Cursor | undefined {
  const last = page.at(-1)?.placed;
  return last && [last.expiresAt, last.mailbox, last.position];
}

const PAGE = 1_000;

/** All of them, a thousand in memory at a time. */
export async function* allDue(db: Db, removal: Removal): AsyncIterable<Due> {
  let after: Cursor | undefined;
  do {
    const page = await dueForRemoval(db, removal, { after, limit: PAGE });
    yield* page;
    after = cursorAfter(page);
  } while (after);
}

interface DueRow extends PlacedRow {
  readonly kind: MailboxKey['kind'];
  readonly ebox_id: string;
}
