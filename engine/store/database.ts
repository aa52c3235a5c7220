import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import knex, { type Knex } from 'knex';
import { EngineError } from '../core/errors.ts';

/** A connection pool or, inside a transaction, that transaction: repositories cannot tell and need not. */
export type Db = Knex;

export interface StoreOptions {
  /** `sqlite:PATH`, `sqlite::memory:` or `postgres://user:secret@host/db`. */
  readonly url: string;
  /** Connections to PostgreSQL; SQLite has one writer and always one connection. */
  readonly poolSize?: number;
}

// knex would print stacks of its own; every failure reaches the caller as an error anyway
const QUIET = { warn: silence, error: silence, deprecate: silence, debug: silence };

function silence(): void {}

/** Opens the store. SQLite runs in WAL with `synchronous=FULL`: what is committed survives a power cut. */
export function openStore({ url, poolSize = 10 }: StoreOptions): Db {
  if (url.startsWith('sqlite:')) return openSqlite(url.slice('sqlite:'.length));
  if (/^postgres(ql)?:/.test(url)) {
    // an error that quotes its bindings would carry people's data into the log
    return knex({
      client: 'pg',
      connection: url,
      pool: { min: 0, max: poolSize },
      compileSqlOnError: false,
      log: QUIET,
    });
  }
  throw new EngineError('config_invalid', 'store.url: must start with sqlite: or postgres://');
}

function openSqlite(filename: string): Db {
  if (filename !== ':memory:') mkdirSync(dirname(filename), { recursive: true, mode: 0o700 });
  const afterCreate = (connection: Database, done: (error: Error | null, connection: Database) => void) => {
    connection.pragma('busy_timeout = 1000'); // first: the next may meet another process's lock; it blocks this process
    connection.pragma('journal_mode = WAL');
    connection.pragma('synchronous = FULL');
    connection.pragma('foreign_keys = ON');
    beginAsWriter(connection);
    done(null, connection);
  };
  return knex({
    client: 'better-sqlite3',
    connection: { filename },
    useNullAsDefault: true,
    pool: { min: 1, max: 1, afterCreate },
    compileSqlOnError: false,
    log: QUIET,
  });
}

// A transaction that reads first and then writes cannot wait for another process's lock: SQLite fails it at once.
// Every transaction of the engine writes, so it takes the lock when it begins, and waits there
// (inTransaction).
function beginAsWriter(connection: Database): void {
  const prepare = connection.prepare.bind(connection);
  const writer = (sql: string) => prepare(sql === 'BEGIN;' ? 'BEGIN IMMEDIATE;' : sql);
  connection.prepare = writer as typeof connection.prepare;
}

/** True when the store is SQLite: one writer, one connection. */
export function isSqlite(db: Db): boolean {
  return db.client.config.client === 'better-sqlite3';
}
