import type { Db } from '../store/database.ts';
import { addRowOnce, insertRows, rowsOf } from '../store/sql.ts';
import type { Format } from './definition.ts';
import type { Totals } from './render/rendering.ts';

/** A document of a list for one authority, in all its formats. */
export interface ListDocument {
  readonly list: string;
  readonly period: string;
  readonly authority: string;
  /** From 1; the latest is in force, the others are kept. */
  readonly version: number;
  readonly totals: Totals;
  readonly messageId: string;
  readonly files: readonly ListFile[];
}

/** One format of a document. */
export interface ListFile {
  readonly format: Format;
  readonly name: string;
  readonly sha256: string;
  readonly size: number;
}

/** Adds a document with its files; false, and nothing is added, when its version is there. */
export async function addDocument(tx: Db, document: ListDocument, now: Date): Promise<boolean> {
  const { list, period, authority, version, totals, messageId, files } = document;
  const key = { list, period, authority, version };
  const counts = { records: totals.lines, corrections: totals.corrections, totals: JSON.stringify(totals.sums) };
  const row = { ...key, ...counts, message_id: messageId, published_at: now.toISOString() };
  if (!(await addRowOnce(tx, 'list_documents', row))) return false;
  await insertRows(
    tx,
    'list_files',
    files.map(({ format, name, sha256, size }) => ({ ...key, format, name, sha256, size })),
  );
  return true;
}

/** The authorities that have a document of a run. */
export async function documentedIn(db: Db, list: string, period: string): Promise<Set<string>> {
  const sql = 'select distinct authority from list_documents where list = ? and period = ?';
  const rows = await rowsOf<{ authority: string }>(db, sql, [list, period]);
  return new Set(rows.map(({ authority }) => authority));
}

/** What the documents in force of a run add up to. */
export interface RunSum extends Totals {
  readonly documents: number;
}

/** The documents in force of a run, without their files, in the order of the authorities. */
export async function documentsOf(db: Db, list: string, period: string): Promise<Omit<ListDocument, 'files'>[]> {
  const sql = `select * from list_documents as d where list = ? and period = ? and version = (select max(version)
    from list_documents as o where o.list = d.list and o.period = d.period and o.authority = d.authority)
    order by authority`;
  const rows = await rowsOf<DocumentRow>(db, sql, [list, period]);
  return rows.map(fromRow);
}

/** Adds up documents. */
export function sumOf(documents: readonly Pick<ListDocument, 'totals'>[]): RunSum {
  const sums: Record<string, number> = {};
  let [lines, corrections] = [0, 0];
  for (const { totals } of documents) {
    lines += totals.lines;
    corrections += totals.corrections;
    for (const [field, sum] of Object.entries(totals.sums)) sums[field] = (sums[field] ?? 0) + sum;
  }
  return { documents: documents.length, lines, corrections, sums };
}

/** The files of a document, by format. */
export async function filesOfDocument(
  db: Db,
  { list, period, authority, version }: Pick<ListDocument, 'list' | 'period' | 'authority' | 'version'>,
): Promise<ListFile[]> {
  const sql =
    'select * from list_files where list = ? and period = ? and authority = ? and version = ? order by format';
  const rows = await rowsOf<ListFile>(db, sql, [list, period, authority, version]);
  return rows.map(({ format, name, sha256, size }) => ({ format, name, sha256, size: Number(size) }));
}

interface DocumentRow {
  readonly list: string;
  readonly period: string;
  readonly authority: string;
  readonly version: number;
  readonly records: number;
  readonly corrections: number;
  readonly totals: string;
  readonly message_id: string;
}

function fromRow({ list, period, authority, version, records, corrections, totals, message_id }: DocumentRow) {
  const sums: Totals = { lines: records, corrections, sums: JSON.parse(totals) };
  return { list, period, authority, version, totals: sums, messageId: message_id };
}
