import type { Db } from '../store/database.ts';
import { type Binding, rowsOf } from '../store/sql.ts';
import { conditionsFor, type SortFilter } from './counts.ts';
import { mailboxesOf } from './mailboxes.ts';
import { findMessages, type Message } from './messages.ts';
import { type Placed, type PlacedRow, placedOf } from './placed.ts';

/** Which messages of a mailbox are asked for. Instants: from the first on, before the second. */
export interface PlacedFilter extends SortFilter {
  readonly receivedFrom?: string;
  readonly receivedBefore?: string;
  readonly expiresFrom?: string;
  readonly expiresBefore?: string;
  /** Positions: after the first, before the second. */
  readonly above?: number;
  readonly below?: number;
}

/** Which of them: after one that is known, or after so many. */
export interface Page {
  readonly limit: number;
  /** Those that came before the message at this position. */
  readonly before?: number;
  readonly skip?: number;
}

/** Messages of a mailbox, newest first. */
export async function listPlaced(db: Db, mailbox: number, filter: PlacedFilter, page: Page): Promise<Placed[]> {
  const { conditions, bindings } = placedConditions(filter);
  const { limit, before, skip = 0 } = page;
  const all = ['mailbox = ?', ...conditions, ...(before === undefined ? [] : ['position < ?'])].join(' and ');
  const rows = await rowsOf<PlacedRow>(
    db,
    `select * from mailbox_messages where ${all} order by position desc limit ? offset ?`,
    [mailbox, ...bindings, ...(before === undefined ? [] : [before]), limit, skip],
  );
  return rows.map(placedOf);
}

/** Messages of a mailbox, newest first, the oldest so many after `skip` still older ones. */
export async function listOldest(
  db: Db,
  mailbox: number,
  filter: PlacedFilter,
  { skip, limit }: { readonly skip: number; readonly limit: number },
): Promise<Placed[]> {
  const { conditions, bindings } = placedConditions(filter);
  const all = ['mailbox = ?', ...conditions].join(' and ');
  const sql = `select * from mailbox_messages where ${all} order by position limit ? offset ?`;
  return (await rowsOf<PlacedRow>(db, sql, [mailbox, ...bindings, limit, skip])).reverse().map(placedOf);
}

/** How many messages fit; undefined when it is more than `bound`. */
export async function countPlaced(
  db: Db,
  mailbox: number,
  filter: PlacedFilter,
  bound: number,
): Promise<number | undefined> {
  const { conditions, bindings } = placedConditions(filter);
  const all = ['mailbox = ?', ...conditions].join(' and ');
  const sql = `select count(*) as found from (select 1 from mailbox_messages where ${all} limit ?) as those`;
  const [row] = await rowsOf<{ found: number | string }>(db, sql, [mailbox, ...bindings, bound + 1]);
  const found = Number(row?.found ?? 0);
  return found > bound ? undefined : found;
}

/** A filter as conditions on `mailbox_messages`. */
export function placedConditions(filter: PlacedFilter): { conditions: string[]; bindings: Binding[] } {
  const sorts = conditionsFor(filter, (read) => (read ? 'first_read_at is not null' : 'first_read_at is null'));
  const spans = [
    ['received_at >= ?', filter.receivedFrom],
    ['received_at < ?', filter.receivedBefore],
    ['expires_at >= ?', filter.expiresFrom],
    ['expires_at < ?', filter.expiresBefore],
    ['position > ?', filter.above],
    ['position < ?', filter.below],
  ] as const;
  const given = spans.filter((span): span is (typeof spans)[number] & [string, Binding] => span[1] !== undefined);
  return {
    conditions: [...sorts.conditions, ...given.map(([condition]) => condition)],
    bindings: [...sorts.bindings, ...given.map(([, value]) => value)],
  };
}

/** A message where it lies. */
export interface Listed {
  readonly message: Message;
  readonly placed: Placed;
}

/** What these messages say, in the same order; one that was removed meanwhile is left out. */
export async function withMessages(db: Db, placed: readonly Placed[]): Promise<Listed[]> {
  const messages = await findMessages(
    db,
    placed.map(({ messageId }) => messageId),
  );
  return placed.flatMap((one) => {
    const message = messages.get(one.messageId);
    return message ? [{ message, placed: one }] : [];
  });
}

/** The messages of all mailboxes with this number, those of one mailbox after the other's, each newest first; after the message `after`. */
export async function listMessages(
  db: Db,
  eboxId: string,
  { limit, after }: { readonly limit: number; readonly after?: string },
): Promise<Listed[]> {
  const listed: Listed[] = [];
  let seen = after === undefined;
  for (const { id } of await mailboxesOf(db, eboxId)) {
    const last = seen || after === undefined ? undefined : await positionOf(db, id, after);
    if (!seen && last === undefined) continue;
    seen = true;
    const page = { limit: limit - listed.length, ...(last !== undefined && { before: last }) };
    listed.push(...(await withMessages(db, await listPlaced(db, id, {}, page))));
  }
  return listed;
}

async function positionOf(db: Db, mailbox: number, messageId: string): Promise<number | undefined> {
  const [row] = await rowsOf<{ position: number }>(
    db,
    'select position from mailbox_messages where mailbox = ? and message_id = ?',
    [mailbox, messageId],
  );
  return row?.position;
}
