import { type Db, isSqlite } from '../../engine/store/database.ts';
import { eventually } from '../../test/support/eventually.ts';

const LINKED_WITHIN_MS = 1_800_000;

type Row = Readonly<Record<string, unknown>>;

/** Tables that keep something of each submission, in an order that references allow. */
const TABLES = [
  'blobs',
  'submissions',
  'stems',
  'submission_files',
  'forms',
  'events',
  'processed',
  'deliveries',
  'folder_files',
  'messages',
  'attachments',
  'mailbox_messages',
  'mailbox_search',
  'audit',
] as const;

/**
 * Makes `count` more submissions like the one of `ticket`, with a row of each of its rows: handled, answers in OUT,
 * message in the mailbox, content, lines of the audit. Each has names, tickets and hashes of its own. Resolves when the
 * engine, which must run, has given every line of the audit its place in the chain.
 */
export async function multiply(db: Db, ticket: string, count: number): Promise<void> {
  const sample = await sampleOf(db, ticket);
  const names = await namesIn(db, ticket, sample);
  for (const table of TABLES) {
    for (const row of sample[table] ?? []) await multiplyRow(db, table, row, names, count);
  }
  await eventually(() => requireLinked(db), LINKED_WITHIN_MS);
  if (!isSqlite(db)) await db.raw('analyze');
}

async function requireLinked(db: Db): Promise<void> {
  const waiting = await db('audit').whereNull('seq').first('id');
  if (waiting) throw new Error(`line ${waiting.id} of the audit has no place in the chain yet`);
}

type Sample = Readonly<Record<string, readonly Row[]>>;

async function sampleOf(db: Db, ticket: string): Promise<Sample> {
  const of = (table: string) => db(table).where({ ticket });
  const [files, deliveries, messages] = [await of('submission_files'), await of('deliveries'), await of('messages')];
  const ids = messages.map(({ id }) => id);
  const attachments = await db('attachments').whereIn('message_id', ids);
  const places = await db('mailbox_messages').whereIn('message_id', ids);
  const hashes = [
    ...[...files, ...attachments].map(({ sha256 }) => sha256),
    ...deliveries.flatMap(({ sha256, signature_sha256: signature }) => [sha256, signature]),
  ];
  const placed = deliveries.flatMap(({ stem }) => ['FO', 'FS', 'GO'].map((role) => `${role}.${stem}`));
  return {
    blobs: await db('blobs').whereIn('sha256', hashes),
    submissions: await of('submissions'),
    stems: await of('stems'),
    submission_files: files,
    forms: await of('forms'),
    events: await of('events'),
    processed: await db('processed').where('message_id', 'like', `%${ticket}%`),
    deliveries,
    folder_files: await db('folder_files').whereIn('name', placed),
    messages,
    attachments,
    mailbox_messages: places,
    mailbox_search: await db('mailbox_search').whereIn(['mailbox', 'position'], placesOf(places)),
    audit: await db('audit')
      .whereIn('subject', placed)
      .orWhere('subject', 'like', `%${ticket}%`)
      .orWhere('facts', 'like', `%${ticket}%`),
  };
}

const placesOf = (places: readonly Row[]) => places.map(({ mailbox, position }) => [mailbox, position]) as never;

/** What must differ from copy to copy, and the SQL that makes it from the number of the copy. */
type Names = ReadonlyMap<string, string>;

async function namesIn(db: Db, ticket: string, sample: Sample): Promise<Names> {
  const pad = (width: number) => (isSqlite(db) ? `printf('%0${width}d', i)` : `lpad(i::text, ${width}, '0')`);
  const names = new Map([[ticket, `'F' || ${pad(12)}`]]);
  const hash = (text: string) => names.set(text, `'${text.slice(0, 52)}' || ${pad(12)}`);
  for (const { sha256 } of sample['blobs'] ?? []) hash(String(sha256));
  for (const { content_hash: content } of sample['submissions'] ?? []) hash(String(content));
  for (const { stem } of [...(sample['submissions'] ?? []), ...(sample['deliveries'] ?? [])]) {
    names.set(String(stem), `'${String(stem).replace(/\.\d{8}\./, '.19990101.')}.' || ${pad(7)}`);
  }
  return names;
}

/** Columns that the store or the engine fills. */
const GIVEN: Readonly<Record<string, readonly string[]>> = {
  events: ['id'],
  folder_files: ['id'],
  audit: ['id', 'seq', 'hash'],
};
const PORTION = 20_000; // rows a statement, so that the engine's write-ahead log stays small

async function multiplyRow(db: Db, table: string, row: Row, names: Names, count: number): Promise<void> {
  const given = GIVEN[table] ?? [];
  const columns = Object.keys(row).filter((column) => !given.includes(column));
  // in its mailbox each copy has a place of its own, after all that are there
  const values = columns.map((column) => (column === 'position' ? '1000000 + i' : sqlOf(db, row[column], names)));
  for (let from = 1; from <= count; from += PORTION) {
    const until = Math.min(count, from + PORTION - 1);
    const numbers = isSqlite(db)
      ? `with recursive n(i) as (select ${from} union all select i + 1 from n where i < ${until})`
      : `with n(i) as (select generate_series(${from}, ${until}))`;
    // the WHERE keeps SQLite from taking ON for a join
    const same = table === 'blobs' ? 'where true on conflict do nothing' : '';
    await db.raw(`${withInsert(db, table, columns, numbers)} select ${values.join(', ')} from n ${same}`);
  }
}

function withInsert(db: Db, table: string, columns: readonly string[], numbers: string): string {
  const insert = `insert into ${table} (${columns.join(', ')})`;
  return isSqlite(db) ? `${numbers} ${insert}` : `${insert} ${numbers}`;
}

function sqlOf(db: Db, value: unknown, names: Names): string {
  if (value === null || value === undefined) return 'null';
  if (Buffer.isBuffer(value))
    return isSqlite(db) ? `x'${value.toString('hex')}'` : `'\\\\x${value.toString('hex')}'::bytea`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = String(value);
  const quoted = `'${text.replaceAll("'", "''").replaceAll('?', '\\?')}'`;
  let sql = quoted;
  for (const [name, made] of names) if (text.includes(name)) sql = `replace(${sql}, '${name}', ${made})`;
  return sql;
}
