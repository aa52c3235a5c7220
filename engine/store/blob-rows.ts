import { EngineError } from '../core/errors.ts';
import type { Db } from './database.ts';
import { addRowOnce, rowsOf } from './sql.ts';

/** A row of `blobs`: its bytes are in it, or in a file of the blob directory. */
export interface BlobRow {
  readonly sha256: string;
  readonly size: number;
  readonly content: Buffer | null;
  readonly file: string | null;
}

const ROUNDS = 5; // more than one is only needed when the collector takes the very same content at the same moment

/**
 * Adds contents in the caller's transaction, which also adds the rows that need them; content that is there stays.
 * From then on collectors leave it alone (collect.ts says why that is safe).
 *
 * @returns the rows whose content was there: what they say of its place is not used.
 */
export async function addAllNeeded(tx: Db, rows: readonly BlobRow[], now: Date): Promise<BlobRow[]> {
  // in one order: two transactions must not wait for each other
  const wanted = [...rows].sort((one, other) => (one.sha256 < other.sha256 ? -1 : 1));
  const unlike = wanted.filter(({ sha256 }, index) => sha256 !== wanted[index - 1]?.sha256);
  const twice = wanted.filter((row) => !unlike.includes(row));
  let missing = unlike;
  for (let round = 0; round < ROUNDS; round += 1) {
    const added = await insertAll(tx, missing, now);
    missing = missing.filter(({ sha256 }) => !added.has(sha256));
    const hashes = missing.map(({ sha256 }) => sha256);
    if (await keepBlobs(tx, hashes, now)) return [...missing, ...twice];
  }
  throw taken();
}

/**
 * Adds content that no row needs yet: it goes after the collector's grace unless one does by then. The grace of content
 * that is there and loose begins anew.
 *
 * @returns false when the content was there: what the row says of its place is not used.
 */
export async function addLoose(db: Db, row: BlobRow, now: Date): Promise<boolean> {
  const { sha256 } = row;
  const at = now.toISOString();
  for (let round = 0; round < ROUNDS; round += 1) {
    if (await insert(db, row, now, at)) return true;
    if ((await db('blobs').where({ sha256 }).whereNotNull('loose_since').update({ loose_since: at })) > 0) return false;
    if (await db('blobs').select('sha256').where({ sha256 }).first()) return false;
  }
  throw taken();
}

/** Content that a new row names counts as stored no longer ago than this: half the least grace of a sweep (collect.ts). */
export const TOUCH_AFTER_MS = 1_800_000;

/**
 * Makes content stay, in the caller's transaction, which also adds a row that names it: it is no longer loose, and counts as
 * stored within the last half hour.
 *
 * @returns false when some of it is not there: then the caller adds it and asks again, or rolls back.
 */
export async function keepBlobs(tx: Db, hashes: readonly string[], now: Date): Promise<boolean> {
  if (hashes.length === 0) return true;
  const wanted = [...new Set(hashes)].sort(); // in one order: two transactions must not wait for each other
  const places = wanted.map(() => '?').join(', ');
  const select = `select sha256, loose_since, stored_at from blobs where sha256 in (${places}) order by sha256`;
  const rows = await rowsOf<StandingRow>(tx, select, wanted);
  if (rows.length < wanted.length) return false;
  const old = new Date(now.getTime() - TOUCH_AFTER_MS).toISOString();
  for (const { sha256 } of rows.filter((row) => row.loose_since !== null || row.stored_at < old)) {
    if (!(await touch(tx, sha256, now, old))) return false;
  }
  return true;
}

interface StandingRow {
  readonly sha256: string;
  readonly loose_since: string | null;
  readonly stored_at: string;
}

/** False when the row has been collected since it was read. */
async function touch(tx: Db, sha256: string, now: Date, old: string): Promise<boolean> {
  const touched = await tx('blobs')
    .where({ sha256 })
    .where((either) => either.whereNotNull('loose_since').orWhere('stored_at', '<', old))
    .update({ loose_since: null, stored_at: now.toISOString() });
  // somebody else may have touched it since it was read
  return touched > 0 || (await tx('blobs').select('sha256').where({ sha256 }).first()) !== undefined;
}

function insert(db: Db, row: BlobRow, now: Date, looseSince: string | null): Promise<boolean> {
  const { sha256, size, content, file } = row;
  const at = { stored_at: now.toISOString(), loose_since: looseSince };
  return addRowOnce(db, 'blobs', { sha256, size, file, content, ...at });
}

/** The hashes of those that were added. */
async function insertAll(tx: Db, rows: readonly BlobRow[], now: Date): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const sql = `insert into blobs (sha256, size, file, content, stored_at) values ${rows.map(() => '(?, ?, ?, ?, ?)').join(', ')}
    on conflict do nothing returning sha256`;
  const at = now.toISOString();
  const bindings = rows.flatMap(({ sha256, size, file, content }) => [sha256, size, file, content, at]);
  return new Set((await rowsOf<{ readonly sha256: string }>(tx, sql, bindings)).map(({ sha256 }) => sha256));
}

function taken(): EngineError {
  return new EngineError('store_unavailable', 'content was collected each time it was stored: try again');
}
