import { lockAlone, lockShared } from '../store/advisory-locks.ts';
import type { Db } from '../store/database.ts';
import { type Binding, placesFor, rowsOf } from '../store/sql.ts';

/** One line of data that lists are made of; never changed, except that it may be closed. */
export interface NewRecord {
  /** The configured source, at most 40 characters. */
  readonly source: string;
  /** The enterprise number, ten digits, of the authority it is about. */
  readonly authority: string;
  /** What lists choose by, at most 20 characters; '' where the source has no kinds. */
  readonly kind: string;
  /** YYYY-MM-DD: places it in a period. */
  readonly day: string;
  /** Its order within a list, at most 80 characters, compared byte by byte. */
  readonly position: string;
  readonly fields: Readonly<Record<string, string>>;
  /** What an answer calls it by, at most 40 characters; the same one twice is the same record. */
  readonly reference?: string;
  /** True when the authority gets it by itself, so that it is in no list of what arrived. */
  readonly alone?: boolean;
  readonly ticket: string;
  readonly formIndex: number;
  /** From 1, among those of its source in the form. */
  readonly line: number;
}

const ROWS_PER_INSERT = 200;
const COLUMNS = [
  ...['source', 'authority', 'kind', 'day', 'position', 'fields', 'reference', 'alone'],
  ...['arrived_at', 'ticket', 'form_index', 'line'],
];

/**
 * Adds records, in the caller's transaction: each once, however often it is added under its source, ticket, form and line,
 * or under its reference. `arrivedAt` is when their submission was received.
 *
 * @returns those that were not there before.
 */
export async function addRecords<R extends NewRecord>(tx: Db, records: readonly R[], arrivedAt: Date): Promise<R[]> {
  await lockShared(tx, 'records');
  const added: R[] = [];
  for (let from = 0; from < records.length; from += ROWS_PER_INSERT) {
    added.push(...(await insert(tx, records.slice(from, from + ROWS_PER_INSERT), arrivedAt)));
  }
  return added;
}

type Place = Pick<NewRecord, 'source' | 'ticket' | 'formIndex' | 'line'>;
const placeOf = ({ source, ticket, formIndex, line }: Place) => `${source} ${ticket} ${formIndex} ${line}`;

async function insert<R extends NewRecord>(tx: Db, records: readonly R[], arrivedAt: Date): Promise<R[]> {
  const at = arrivedAt.toISOString();
  const one = `(${placesFor(COLUMNS)})`;
  const sql = `insert into records (${COLUMNS.join(', ')}) values ${records.map(() => one).join(', ')}
    on conflict do nothing returning source, ticket, form_index as "formIndex", line`;
  const rows = await rowsOf<Place>(
    tx,
    sql,
    records.flatMap((record) => valuesOf(record, at)),
  );
  const added = new Set(rows.map(placeOf));
  return records.filter((record) => added.has(placeOf(record)));
}

function valuesOf(record: NewRecord, arrivedAt: string): Binding[] {
  const { source, authority, kind, day, position, fields, reference = null, alone = false } = record;
  const { ticket, formIndex, line } = record;
  const texts = [source, authority, kind, day, position, JSON.stringify(fields), reference];
  return [...texts, alone ? 1 : 0, arrivedAt, ticket, formIndex, line];
}

/**
 * The id up to which records had arrived before an instant: no record will ever get one of these ids later, also not
 * one of a transaction that is under way now. 0 when there was none.
 */
export async function cutoffAt(tx: Db, instant: Date): Promise<number> {
  await lockAlone(tx, 'records');
  const sql = 'select id from records where arrived_at < ? order by id desc limit 1';
  const [row] = await rowsOf<{ id: string | number }>(tx, sql, [instant.toISOString()]);
  return Number(row?.id ?? 0);
}

/** True when a source has ever had a record. */
export async function hasRecords(db: Db, source: string): Promise<boolean> {
  return (await rowsOf(db, 'select 1 as found from records where source = ? limit 1', [source])).length > 0;
}
