import type { Db } from '../store/database.ts';
import { type Binding, placesFor, rowsOf } from '../store/sql.ts';
import { conditionsFor, type SortFilter } from './counts.ts';
import { mailboxesOf } from './mailboxes.ts';
import {
  type AttachmentColumns,
  attachmentOf,
  MESSAGE_COLUMNS,
  type Message,
  type MessageColumns,
  messageOf,
} from './messages.ts';
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
  /** Nothing is looked through when this question for one number answers 0. */
  readonly unlessNone?: Places;
}

/** A statement: which rows of `mailbox_messages`, or a question for one number about them, `counted`. */
export interface Places {
  readonly sql: string;
  readonly bindings: readonly Binding[];
}

/** Messages of a mailbox, newest first. */
export function newestPlaces(mailbox: number, filter: PlacedFilter, page: Page): Places {
  const { limit, before, skip = 0, unlessNone } = page;
  const { conditions, bindings } = placedConditions(filter);
  const bounds = [
    ...(before === undefined ? [] : ['position < ?']),
    ...(unlessNone ? [`(${unlessNone.sql}) > 0`] : []),
  ];
  const all = ['mailbox = ?', ...conditions, ...bounds].join(' and ');
  const bounding = [...(before === undefined ? [] : [before]), ...(unlessNone?.bindings ?? [])];
  return {
    sql: `select * from mailbox_messages where ${all} order by position desc limit ? offset ?`,
    bindings: [mailbox, ...bindings, ...bounding, limit, skip],
  };
}

/** So many of the oldest messages of a mailbox, after `skip` still older ones. */
export function oldestPlaces(mailbox: number, filter: PlacedFilter, { limit, skip = 0 }: Page): Places {
  const { conditions, bindings } = placedConditions(filter);
  const all = ['mailbox = ?', ...conditions].join(' and ');
  return {
    sql: `select * from mailbox_messages where ${all} order by position limit ? offset ?`,
    bindings: [mailbox, ...bindings, limit, skip],
  };
}

/** The messages at these positions. */
export function placesAt(mailbox: number, positions: readonly number[]): Places {
  const sql = `select * from mailbox_messages where mailbox = ? and position in (${placesFor(positions) || 'null'})`;
  return { sql, bindings: [mailbox, ...positions] };
}

/** Messages of a mailbox, newest first, without what they say. */
export async function listPlaced(db: Db, mailbox: number, filter: PlacedFilter, page: Page): Promise<Placed[]> {
  const { sql, bindings } = newestPlaces(mailbox, filter, page);
  return (await rowsOf<PlacedRow>(db, sql, bindings)).map(placedOf);
}

/** A message where it lies. */
export interface Listed {
  readonly message: Message;
  readonly placed: Placed;
}

const LISTED = `p.*, ${MESSAGE_COLUMNS.map((column) => `m.${column}`).join(', ')}, a.number, a.title, a.file_name,
  a.media_type, a.main, a.signed, a.sha256, a.size`;
const JOINED = `join messages m on m.id = p.message_id left join attachments a on a.message_id = p.message_id
  order by p.position desc, a.number`;

/** What the messages at these places say, newest first, in one look at the store. */
export async function readListed(db: Db, { sql, bindings }: Places): Promise<Listed[]> {
  return allListed(await rowsOf<ListedRow>(db, `select ${LISTED} from (${sql}) p ${JOINED}`, bindings));
}

/** The same, and what a question for one number answers in the same look; undefined when there is nothing at the places. */
export async function readCounted(
  db: Db,
  { sql, bindings }: Places,
  number: Places,
): Promise<{ readonly items: readonly Listed[]; readonly counted: number } | undefined> {
  const rows = await rowsOf<ListedRow & { readonly counted: number | string }>(
    db,
    `select ${LISTED}, (${number.sql}) as counted from (${sql}) p ${JOINED}`,
    [...number.bindings, ...bindings],
  );
  const [row] = rows;
  return row && { items: allListed(rows), counted: Number(row.counted) };
}

function allListed(rows: readonly ListedRow[]): Listed[] {
  const byPosition = new Map<number, ListedRow[]>();
  for (const row of rows) {
    const same = byPosition.get(row.position);
    if (same) same.push(row);
    else byPosition.set(row.position, [row]);
  }
  return [...byPosition.values()].flatMap((same) => listedOf(same));
}

type ListedRow = PlacedRow & MessageColumns & (AttachmentColumns | { readonly number: null });

/** From a row for each attachment, or one with none. */
function listedOf(rows: readonly ListedRow[]): Listed[] {
  const [row] = rows;
  if (!row) return [];
  const attachments = rows.flatMap((one) => (one.number === null ? [] : [attachmentOf(one)]));
  return [{ placed: placedOf(row), message: messageOf({ ...row, id: row.message_id }, attachments) }];
}

/** The question how many messages fit: at most `most` are counted. */
export function countOf(mailbox: number, filter: PlacedFilter, most: number): Places {
  const { conditions, bindings } = placedConditions(filter);
  const all = ['mailbox = ?', ...conditions].join(' and ');
  return {
    sql: `select count(*) as counted from (select 1 from mailbox_messages where ${all} limit ?) as those`,
    bindings: [mailbox, ...bindings, most],
  };
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
    listed.push(...(await readListed(db, newestPlaces(id, {}, page))));
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
