import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import SqliteDatabase, { type Database, type Statement } from 'better-sqlite3';
import type { Knex } from 'knex';
import { storeAway } from './store-away.ts';

/** What knex's dialect for SQLite does that is overridden here. */
interface Dialect extends Knex.Client {
  _query(connection: Database, statement: unknown): Promise<unknown>;
  destroy(): Promise<void>;
}
type DialectClass = new (config: Knex.Config) => Dialect;

const CACHE_KIB = 64 * 1024; // the default of 2 MiB holds no index of a store that has grown
const BLOCK_MS = 25; // SQLite waits in the call, which blocks the whole process
const PAUSE_MS = 10;
const LOCK_WITHIN_MS = 30_000;
const INCREMENTAL = 2; // SQLite's number for the mode of auto_vacuum

/**
 * knex's configuration for SQLite: WAL, `synchronous=FULL`, one connection. Another process that holds the only write
 * lock (a command, a backup) is waited for up to 30 s, while this process goes on; then it is store_unavailable.
 */
export function patientSqlite(filename: string): Knex.Config {
  if (filename !== ':memory:') mkdirSync(dirname(filename), { recursive: true, mode: 0o700 });
  return {
    client: patientDialect() as unknown as typeof Knex.Client,
    connection: { filename },
    useNullAsDefault: true,
    pool: { min: 1, max: 1, afterCreate: setUp },
  };
}

function setUp(connection: Database, done: (error: unknown, connection: Database) => void): void {
  connection.pragma(`busy_timeout = ${BLOCK_MS}`); // first: the next may meet another process's lock
  connection.pragma('foreign_keys = ON');
  connection.pragma(`cache_size = -${CACHE_KIB}`);
  beginAsWriter(connection);
  const end = (error: unknown) => done(error, connection);
  onceUnlocked(() => chooseFormat(connection)).then(() => end(null), end);
}

/** Both choices stay in the file. A new one takes a lock: of several that open it at once all but one come here again. */
function chooseFormat(connection: Database): void {
  const incremental = connection.pragma('auto_vacuum', { simple: true }) === INCREMENTAL;
  if (!incremental) connection.pragma(`auto_vacuum = ${INCREMENTAL}`); // counts while new only: see give-back.ts
  connection.pragma('journal_mode = WAL');
  connection.pragma('synchronous = FULL');
}

// A transaction that reads first and then writes cannot wait for another process's lock: SQLite fails it at once.
// Every transaction of the engine writes, so it takes the lock when it begins, and waits there.
// A commit that failed may leave its transaction open on this one connection.
function beginAsWriter(connection: Database): void {
  const prepare = rememberingStatements(connection);
  const writer = (sql: string) => {
    if (sql !== 'BEGIN;') return prepare(sql);
    if (connection.inTransaction) connection.exec('ROLLBACK');
    return prepare('BEGIN IMMEDIATE;');
  };
  connection.prepare = writer as typeof connection.prepare;
}

const STATEMENTS = 500;
const CHANGES_SCHEMA = /^\s*(create|alter|drop|pragma)\b/i;

/** knex has every statement compiled anew, which costs more than to run it: those that were seen before are kept. */
function rememberingStatements(connection: Database): (sql: string) => Statement {
  const compile = connection.prepare.bind(connection);
  const known = new Map<string, Statement>();

  return (sql) => {
    const before = known.get(sql);
    if (before) return before;
    const changesSchema = CHANGES_SCHEMA.test(sql);
    if (changesSchema || known.size >= STATEMENTS) known.clear();
    const statement = compile(sql);
    if (!changesSchema) known.set(sql, statement);
    return statement;
  };
}

function patientDialect(): DialectClass {
  const Sqlite: DialectClass = createRequire(import.meta.url)('knex/lib/dialects/better-sqlite3/index.js');

  // a class, as knex makes clients of its own for transactions from the prototype
  return class extends Sqlite {
    override _query(connection: Database, statement: unknown): Promise<unknown> {
      return onceUnlocked(() => super._query(connection, statement));
    }

    override async destroy(): Promise<void> {
      await super.destroy();
      const { reader } = this as ReadingClient;
      reader?.close();
    }
  };
}

/** The pool's client with a second connection that only reads. */
interface ReadingClient {
  reader?: Database;
  readonly connectionSettings?: { readonly filename?: string };
}

/**
 * A connection on which committed rows are read while a transaction is open on the only one that writes: work that
 * reads before its transaction begins need not wait for the end of others'. Undefined for a database in memory.
 */
export function readerOf(client: ReadingClient): Database | undefined {
  const { filename = ':memory:' } = client.connectionSettings ?? {};
  if (filename === ':memory:') return undefined;
  client.reader ??= openReader(filename);
  return client.reader;
}

/** A connection of its own for one long reading; the caller closes it. Undefined for a database in memory. */
export function openOwnReader(client: ReadingClient): Database | undefined {
  const { filename = ':memory:' } = client.connectionSettings ?? {};
  return filename === ':memory:' ? undefined : openReader(filename);
}

function openReader(filename: string): Database {
  const reader = new SqliteDatabase(filename, { fileMustExist: true, timeout: BLOCK_MS });
  reader.pragma('query_only = ON');
  reader.pragma(`cache_size = -${CACHE_KIB}`);
  reader.prepare = rememberingStatements(reader) as typeof reader.prepare;
  return reader;
}

/** Does it as soon as no other process holds the write lock. Throws store_unavailable after 30 s. */
export async function onceUnlocked<T>(work: () => T | Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + LOCK_WITHIN_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() > giveUpAt) throw storeAway(error);
    }
    await delay(PAUSE_MS);
  }
}

const isBusy = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY';
