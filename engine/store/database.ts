import knex, { type Knex } from 'knex';
import { EngineError } from '../core/errors.ts';
import { patientPostgres } from './postgres.ts';
import { patientSqlite } from './sqlite.ts';

/** A connection pool or, inside a transaction, that transaction: repositories cannot tell and need not. */
export type Db = Knex;

export interface StoreOptions {
  /** `sqlite:PATH`, `sqlite::memory:` or `postgres://user:secret@host/db`. */
  readonly url: string;
  /** Connections to PostgreSQL; SQLite has one writer and always one connection. Default 10. */
  readonly poolSize?: number;
  /** How long a new connection to PostgreSQL may take, in ms. Default 5,000. */
  readonly connectWithinMs?: number;
  /** How long PostgreSQL may take to answer one statement, in ms; it ends statements itself after three quarters of it. Default 20,000. */
  readonly answerWithinMs?: number;
}

// knex would print stacks of its own; every failure reaches the caller as an error anyway
const QUIET = { warn: silence, error: silence, deprecate: silence, debug: silence };

function silence(): void {}

// an error that quotes its bindings would carry people's data into the log
const DISCREET = { compileSqlOnError: false, log: QUIET };

/**
 * Opens the store; nothing is connected yet. SQLite runs in WAL with `synchronous=FULL`: what is committed survives a
 * power cut. While PostgreSQL is away or does not answer, every use rejects with store_unavailable, within
 * `answerWithinMs` for each statement and as much for a connection; the store works again once it is back.
 */
export function openStore({ url, ...options }: StoreOptions): Db {
  if (url.startsWith('sqlite:')) return knex({ ...patientSqlite(url.slice('sqlite:'.length)), ...DISCREET });
  if (/^postgres(ql)?:/.test(url)) {
    const { poolSize = 10, connectWithinMs = 5_000, answerWithinMs = 20_000 } = options;
    return knex({ ...patientPostgres(url, poolSize, { connectWithinMs, answerWithinMs }), ...DISCREET });
  }
  throw new EngineError('config_invalid', 'store.url: must start with sqlite: or postgres://');
}

/** True when the store is SQLite: one writer, one connection. */
export function isSqlite(db: Db): boolean {
  return db.client.driverName === 'better-sqlite3';
}
