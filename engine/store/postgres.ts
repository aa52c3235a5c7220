import { createRequire } from 'node:module';
import type { Knex } from 'knex';
import type { Client as Connection } from 'pg';
import { storeAway } from './store-away.ts';

/** What knex's dialect for PostgreSQL does that is overridden here. */
interface Dialect extends Knex.Client {
  _query(connection: Connection, statement: unknown): Promise<unknown>;
  acquireRawConnection(): Promise<unknown>;
}
type DialectClass = new (config: Knex.Config) => Dialect;

/** A connection that may take its time: a migration is under way on it. */
const UNHURRIED = Symbol('unhurried');
/** When a connection answered last, by `performance.now()`. */
const ANSWERED = Symbol('answered');
type Marked = Connection & {
  [UNHURRIED]?: boolean;
  [ANSWERED]?: number;
  connectionParameters: { query_timeout: number };
};

/** How long the engine waits for PostgreSQL. */
export interface Patience {
  /** For a new connection, in ms. */
  readonly connectWithinMs: number;
  /** For the answer to one statement, in ms: after that the connection counts as dead. */
  readonly answerWithinMs: number;
}

/**
 * knex's configuration for PostgreSQL. A server that is away, restarted, frozen or cut off never keeps a caller waiting
 * for ever: connecting, waiting for a free connection and every statement have a limit, after which the connection is
 * thrown away and the caller gets store_unavailable. The server itself ends a slow statement sooner (so that a slow
 * statement is told from a dead server), and the transaction of a client that has vanished.
 */
export function patientPostgres(url: string, poolSize: number, patience: Patience): Knex.Config {
  const { connectWithinMs, answerWithinMs } = patience;
  return {
    client: patientDialect(answerWithinMs) as unknown as typeof Knex.Client,
    connection: {
      connectionString: url,
      connectionTimeoutMillis: connectWithinMs,
      query_timeout: answerWithinMs, // for what knex asks while it connects
      statement_timeout: Math.ceil(answerWithinMs * 0.75),
      ...unknownToTypes({
        lock_timeout: Math.ceil(answerWithinMs / 2), // less, so that waiting for somebody else is told from being slow
        pipeline: true, // a statement may be sent before the one ahead of it was answered
      }),
      idle_in_transaction_session_timeout: answerWithinMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: 5_000,
    },
    pool: { min: 0, max: poolSize, acquireTimeoutMillis: answerWithinMs, createTimeoutMillis: answerWithinMs },
  };
}

/** The driver's settings that knex's types do not know. */
const unknownToTypes = (settings: object): object => settings;

function patientDialect(answerWithinMs: number): DialectClass {
  const Postgres: DialectClass = createRequire(import.meta.url)('knex/lib/dialects/postgres/index.js');

  const statementNames = new Map<string, string>();

  // a class, as knex makes clients of its own for transactions from the prototype
  return class extends Postgres {
    /** Of the statements that were run, whatever the connection. */
    get statementNames() {
      return statementNames;
    }

    override _query(connection: Marked, statement: unknown): Promise<unknown> {
      writeTogether(connection.connection.stream);
      if (connection[UNHURRIED]) return super._query(connection, statement);
      const answered = cutWhenSilent(connection, answerWithinMs);
      return super._query(connection, statement).finally(answered);
    }

    override async acquireRawConnection(): Promise<unknown> {
      const connection = (await super.acquireRawConnection()) as Marked;
      connection.connectionParameters.query_timeout = 0; // it would count the statements that are sent ahead
      return connection;
    }

    override query(connection: Marked, statement: unknown): Promise<unknown> {
      return super.query(connection, statement).catch((error: unknown) => {
        if (hasOldPlan(error)) cut(connection);
        return rethrow(error);
      });
    }

    override acquireConnection(): Promise<unknown> {
      return super.acquireConnection().catch(rethrow);
    }
  };
}

/** Lets what is written in this turn of the event loop go out as one: a packet for each statement costs as much as the statement. */
function writeTogether(stream: Marked['connection']['stream']): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/**
 * Cuts a connection that has not answered anything for so long; resets when what is given back is called: a statement
 * that waits behind slow ones is not the one that is late.
 */
function cutWhenSilent(connection: Marked, withinMs: number): () => void {
  const sent = performance.now();
  let timer = setTimeout(check, withinMs);

  function check(): void {
    const leftMs = Math.max(sent, connection[ANSWERED] ?? 0) + withinMs - performance.now();
    if (leftMs <= 0) cut(connection);
    else timer = setTimeout(check, leftMs);
  }
  return () => {
    clearTimeout(timer);
    connection[ANSWERED] = performance.now();
  };
}

/** Ends a connection at once: every statement on it fails, and the pool throws it away. */
function cut(connection: Connection): void {
  connection.connection.stream.destroy(new Error('no answer in time'));
}

/** A statement that was planned before a migration changed its table: the next connection plans it anew. */
function hasOldPlan(error: unknown): boolean {
  return error instanceof Error && error.message.includes('cached plan must not change result type');
}

function rethrow(error: unknown): never {
  throw isAway(error) ? storeAway(error) : error;
}

// the network; a server that starts, stops or has no connection left; a session that the server ended; a lock that
// somebody else (who may be frozen) did not let go of, a deadlock
const CODES =
  /^(ECONN[A-Z]+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|08...|57P0.|53300|25P0[34]|55P03|40P01|40001)$/;
// what knex, its pool and the driver say without a code
const SENTENCES =
  /Connection terminated|has encountered a connection error|was closed|timeout expired|Timeout acquiring a connection|read timeout|no answer in time/;

/** Not a statement that the server ended because it took too long (57014): that is the statement's fault. */
function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (hasOldPlan(error)) return true;
  if ('code' in error && typeof error.code === 'string') return CODES.test(error.code);
  return SENTENCES.test(error.message);
}

/** Runs work that may take its time, such as a migration, in the caller's transaction: no limit ends its statements. */
export async function unhurried<T>(tx: Knex, work: () => Promise<T>): Promise<T> {
  const connection: Marked = await tx.client.acquireConnection(); // the transaction's own
  connection[UNHURRIED] = true;
  try {
    await tx.raw('set local statement_timeout = 0');
    await tx.raw('set local lock_timeout = 0');
    return await work();
  } finally {
    connection[UNHURRIED] = false;
  }
}
