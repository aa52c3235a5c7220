import { type Db, isSqlite } from '../store/database.ts';
import { placesFor, rowsOf, write } from '../store/sql.ts';
import { count, type Sort, type Totals } from './counts.ts';
import { lockMailbox } from './mailboxes.ts';
import { type PlacedRow, placedOf, sortOf } from './placed.ts';

/** Where a message lies. */
export interface Place {
  /** Id of the mailbox. */
  readonly mailbox: number;
  readonly position: number;
}

/**
 * Takes messages out of their mailboxes, with what they are found by, and those that lie in no mailbox any more out of the store, in a few statements
 * however many they are (at most 200). The places come in the order of their recipients (byRecipient in deliver.ts); what only the
 * messages named is collected in time. The caller judges whether what was removed is what it wanted, and rolls back if not.
 *
 * @returns the ids of the messages, with the mailbox that each was taken out of.
 */
export async function removeMany(tx: Db, places: readonly Place[]): Promise<{ mailbox: number; messageId: string }[]> {
  if (places.length === 0) return [];
  for (const mailbox of new Set(places.map((place) => place.mailbox))) await lockMailbox(tx, mailbox);
  const { sql: inPlaces, bindings } = among(places);
  const these = `(mailbox, position) in ${inPlaces}`;
  await write(tx, `delete from mailbox_search where ${these}`, bindings);
  const rows = await rowsOf<PlacedRow>(tx, `delete from mailbox_messages where ${these} returning *`, bindings);
  const ids = [...new Set(rows.map((row) => row.message_id))].sort();
  await uncount(tx, rows, await lockMessages(tx, ids));
  await removeUnplaced(tx, ids);
  return rows.map((row) => ({ mailbox: row.mailbox, messageId: row.message_id }));
}

/** Places as what a statement looks for `(mailbox, position)` in. */
export function among(places: readonly Place[]): { readonly sql: string; readonly bindings: number[] } {
  const sql = `(values ${places.map(() => '(cast(? as integer), cast(? as integer))').join(', ')})`;
  return { sql, bindings: places.flatMap(({ mailbox, position }) => [mailbox, position]) };
}

/** Takes the messages, so that who puts one into another mailbox at this moment waits or is waited for. @returns their sizes. */
async function lockMessages(tx: Db, ids: readonly string[]): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const lock = isSqlite(tx) ? '' : ' for update';
  const sql = `select id, size from messages where id in (${placesFor(ids)}) order by id${lock}`;
  const rows = await rowsOf<{ id: string; size: number | string }>(tx, sql, ids);
  return new Map(rows.map(({ id, size }) => [id, Number(size)]));
}

async function uncount(tx: Db, rows: readonly PlacedRow[], sizes: ReadonlyMap<string, number>): Promise<void> {
  const totals = new Map<string, { mailbox: number; sort: Sort; less: Totals }>();
  for (const row of rows) {
    const { mailbox, ...placed } = placedOf(row);
    const sort = sortOf({ mailbox, ...placed });
    const key = [mailbox, ...SORTED.map((name) => sort[name])].join('\n');
    const { messages, bytes } = totals.get(key)?.less ?? { messages: 0, bytes: 0 };
    const less = { messages: messages - 1, bytes: bytes - (sizes.get(row.message_id) ?? 0) };
    totals.set(key, { mailbox, sort, less });
  }
  for (const { mailbox, sort, less } of totals.values()) await count(tx, mailbox, sort, less);
}

const SORTED: readonly (keyof Sort)[] = [
  ...(['messageType', 'senderOrganisation', 'senderApplication', 'registered'] as const),
  ...(['partition', 'read', 'visible'] as const),
];

async function removeUnplaced(tx: Db, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  // one place of each is looked for: a broadcast may still lie in a hundred thousand mailboxes
  const sql = `select id, exists (select 1 from mailbox_messages p where p.message_id = messages.id) as placed
    from messages where id in (${placesFor(ids)})`;
  const rows = await rowsOf<{ id: string; placed: boolean | number }>(tx, sql, ids);
  const gone = rows.filter(({ placed }) => !placed).map(({ id }) => id);
  if (gone.length === 0) return;
  await write(tx, `delete from attachments where message_id in (${placesFor(gone)})`, gone);
  await write(tx, `delete from messages where id in (${placesFor(gone)})`, gone);
}
