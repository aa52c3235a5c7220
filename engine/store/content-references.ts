import type { Db } from './database.ts';
import { rowsOf } from './sql.ts';

/** A column that names content of `blobs` by its SHA-256. */
export interface ContentReference {
  readonly table: string;
  readonly column: string;
  /** Which of its rows do; all when absent. */
  readonly where?: string;
  /** A text column that tells people which row it is. */
  readonly about: string;
}

/** Every column that names content of `blobs`. What none of them names is collected: a new one must be added here (a test sees to it). */
export const CONTENT_REFERENCES: readonly ContentReference[] = [
  // other rows of a folder hold their bytes themselves, or name a file that is only theirs
  { table: 'folder_files', column: 'sha256', where: 'content is null and file is null', about: 'name' },
  { table: 'submission_files', column: 'sha256', about: 'name' },
  { table: 'submission_files', column: 'content_sha256', about: 'name' },
  { table: 'outbox', column: 'sha256', about: 'message_id' },
  { table: 'dead_letters', column: 'sha256', about: 'message_id' },
  { table: 'deliveries', column: 'sha256', about: 'stem' },
  { table: 'deliveries', column: 'signature_sha256', about: 'stem' },
  { table: 'attachments', column: 'sha256', about: 'message_id' },
  { table: 'registered_mail', column: 'proof_sha256', about: 'message_id' },
  { table: 'registered_mail', column: 'proof_signature_sha256', about: 'message_id' },
  { table: 'registered_mail', column: 'receipt_sha256', about: 'message_id' },
  { table: 'registered_mail', column: 'receipt_signature_sha256', about: 'message_id' },
  { table: 'quarantine', column: 'sha256', about: 'ticket' },
];

/** Columns that look as if they named content of `blobs` and do not; each with the reason. */
export const NOT_REFERENCES: Readonly<Record<string, string>> = {
  'senders.password_hash': 'of a password',
  'blobs.sha256': 'the content itself',
  'blobs.content': 'the bytes',
  'folder_files.content': 'the bytes',
  'folder_files.digests': 'other digests of the same bytes',
  'submissions.content_hash': 'over the names and hashes of several files',
  'sender_keys.fingerprint': 'of a key',
  'sender_certificates.fingerprint': 'of a certificate',
  'audit.hash': 'of a line in the chain',
  'deletion_records.content': 'the text of a record',
  'mail_addresses.token_hash': 'of what confirms an address',
  'login_scores.login': 'a name, or a mark of one',
  'used_assertions.client': 'what a client calls itself',
  'used_assertions.jti': 'of what a client calls an assertion',
  'idempotency_keys.key': 'of what a sender calls a request',
  'idempotency_keys.content': 'over the names and hashes of several files',
};

/** Every hash that a row names and whose column meets a condition, as SQL; a hash may come more than once. */
function named(condition: (column: string) => string): string {
  const each = CONTENT_REFERENCES.map(({ table, column, where }) => {
    const conditions = [condition(column), `${column} is not null`, ...(where ? [where] : [])];
    return `select ${column} as sha256 from ${table} where ${conditions.join(' and ')}`;
  });
  return `select sha256 from (${each.join(' union all ')}) as named`;
}

/** Hashes from `from` up to but without `to`, in lower-case hex: 'g' comes after all of them. */
export interface HashRange {
  readonly from: string;
  readonly to: string;
}

const between = (column: string): string => `${column} >= ? and ${column} < ?`;
const STORED = `select sha256 from blobs where ${between('sha256')}`;
const NAMED = named(between);

const bounds = ({ from, to }: HashRange): string[] =>
  Array.from({ length: CONTENT_REFERENCES.length + 1 }, () => [from, to]).flat();

/**
 * Content of a range that no row names. One statement, hence one view of all tables: what moves from one to another in a
 * transaction is always seen in one of them. It reads those tables through.
 */
export function unnamedIn(db: Db, range: HashRange): Promise<string[]> {
  return hashesOf(db, `${STORED} except ${NAMED}`, bounds(range));
}

/** Content of a range that is held to be loose and that a row names. One statement, see unnamedIn. */
export function namedLooseIn(db: Db, range: HashRange): Promise<string[]> {
  return hashesOf(db, `${STORED} and loose_since is not null intersect ${NAMED}`, bounds(range));
}

/** Hashes of a range that a row names and that are not in the store. One statement, see unnamedIn. */
export function missingIn(db: Db, range: HashRange): Promise<string[]> {
  return hashesOf(db, `${NAMED} except ${STORED}`, bounds(range));
}

/** The rows that name a hash, at most ten for each column: the table, and what tells people which row it is. */
export async function namersOf(db: Db, sha256: string): Promise<{ readonly table: string; readonly about: string }[]> {
  const namers = [];
  for (const { table, column, about } of CONTENT_REFERENCES) {
    const rows = await db(table)
      .select(`${about} as about`)
      .where({ [column]: sha256 })
      .limit(10);
    namers.push(...rows.map((row) => ({ table, about: String(row.about) })));
  }
  return namers;
}

const WANTED_PER_RANGE = 100_000; // each costs a look through the tables, and memory for so many hashes at most

/** Ranges that together hold every hash, each about 100,000 blobs: hashes lie evenly. */
export async function hashRanges(db: Db): Promise<HashRange[]> {
  const row = await db('blobs').count('* as count').first();
  const parts = Math.min(4_096, Math.ceil((Number(row?.['count'] ?? 0) + 1) / WANTED_PER_RANGE));
  const edges = Array.from({ length: parts }, (_, part) =>
    Math.floor((part * 65_536) / parts)
      .toString(16)
      .padStart(4, '0'),
  );
  return edges.map((edge, part) => ({ from: part === 0 ? '' : edge, to: edges[part + 1] ?? 'g' }));
}

async function hashesOf(db: Db, sql: string, bindings: readonly string[]): Promise<string[]> {
  const rows = await rowsOf<{ readonly sha256: string }>(db, sql, bindings);
  return rows.map(({ sha256 }) => sha256);
}
