import { type Db, isSqlite } from '../store/database.ts';
import { change, insertRows, rowsOf } from '../store/sql.ts';

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
  readonly ticket: string;
  readonly formIndex: number;
  /** From 1, in the form. */
  readonly line: number;
}

/** A record as it is stored. */
export interface StoredRecord extends NewRecord {
  readonly id: number;
  readonly arrivedAt: string;
}

// any constants: they name the lock that whoever adds records shares, and whoever draws a line under them has alone
const GATE = 'pg_advisory_xact_lock';
const GATE_KEY = 190_816;
const ROWS_PER_INSERT = 200;

/**
 * Adds records, in the caller's transaction: each once, however often it is added under its ticket, form and line.
 * `arrivedAt` is when their submission was received.
 */
export async function addRecords(tx: Db, records: readonly NewRecord[], arrivedAt: Date): Promise<void> {
  if (!isSqlite(tx)) await rowsOf(tx, `select ${GATE}_shared(?)::text`, [GATE_KEY]);
  for (let from = 0; from < records.length; from += ROWS_PER_INSERT) {
    const rows = records.slice(from, from + ROWS_PER_INSERT).map((record) => rowOf(record, arrivedAt));
    await insertRows(tx, 'records', rows, 'orIgnore');
  }
}

function rowOf({ formIndex, fields, reference, ...record }: NewRecord, arrivedAt: Date) {
  const texts = { reference: reference ?? null, fields: JSON.stringify(fields), arrived_at: arrivedAt.toISOString() };
  return { ...record, form_index: formIndex, ...texts };
}

/**
 * The id up to which records had arrived before an instant: no record will ever get one of these ids later, also not
 * one of a transaction that is under way now. 0 when there was none.
 */
export async function cutoffAt(tx: Db, instant: Date): Promise<number> {
  if (!isSqlite(tx)) await rowsOf(tx, `select ${GATE}(?)::text`, [GATE_KEY]);
  const sql = 'select id from records where arrived_at < ? order by id desc limit 1';
  const [row] = await rowsOf<{ id: string | number }>(tx, sql, [instant.toISOString()]);
  return Number(row?.id ?? 0);
}

/** Closes a record that was open; false when it was closed already, or is not there. */
export async function closeRecord(tx: Db, id: number, at: Date): Promise<boolean> {
  const sql = 'update records set closed_at = ? where id = ? and closed_at is null';
  return (await change(tx, sql, [at.toISOString(), id])) === 1;
}
