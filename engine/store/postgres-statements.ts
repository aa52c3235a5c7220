import { hash } from 'node:crypto';
import type { Knex } from 'knex';
import type { Db } from './database.ts';

/** What PostgreSQL answers to a statement. */
export interface Answer<T> {
  readonly rows: T[];
  readonly rowCount: number;
}

/** Of one transaction: the statements that nobody waits for. */
interface Unawaited {
  readonly underWay: Set<Promise<void>>;
  failure?: { readonly error: unknown };
}

type Client = Knex.Client & { unawaited?: Unawaited; readonly statementNames: Map<string, string> };

const TRANSACTION_FAILED = '25P02';
const MOST_PLANNED = 40; // bindings: of a list of any length there would be as many statements
const MOST_KEPT = 2_000;
const MOST_UNDER_WAY = 32; // a bulk of rows is not to wait in memory

/**
 * Runs a statement with question marks for its bindings, past the query builder, which costs as much as the driver.
 * In a transaction it fails with what failed first of those sent before.
 */
export async function ask<T>(db: Db, sql: string, bindings: readonly unknown[]): Promise<Answer<T>> {
  const connection = await db.client.acquireConnection();
  try {
    return (await db.client.query(connection, statementOf(db.client, sql, bindings))).response;
  } catch (error) {
    throw failureSent(db)?.error ?? error;
  } finally {
    await db.client.releaseConnection(connection);
  }
}

/**
 * Sends a statement whose answer nobody needs, and does not wait for it: what is sent in one go takes one packet and
 * one turn of PostgreSQL. If it fails, so do the next statement that is waited for and the commit, with its error.
 */
export async function send(tx: Knex.Transaction, sql: string, bindings: readonly unknown[]): Promise<void> {
  const client: Client = tx.client;
  if (tx.isCompleted()) return void (await ask(tx, sql, bindings)); // it says what is wrong
  client.unawaited ??= { underWay: new Set() };
  const { unawaited } = client;
  const answer = answerOf(await client.acquireConnection(), client, statementOf(client, sql, bindings), unawaited);
  unawaited.underWay.add(answer);
  void answer.then(() => unawaited.underWay.delete(answer));
  if (unawaited.underWay.size >= MOST_UNDER_WAY) await answer;
  if (unawaited.failure) throw unawaited.failure.error;
}

async function answerOf(connection: unknown, client: Client, statement: object, unawaited: Unawaited): Promise<void> {
  try {
    await client.query(connection, statement);
  } catch (error) {
    // what follows a failure is refused for it: the cause is the error that the caller gets
    if ((error as { readonly code?: unknown }).code !== TRANSACTION_FAILED) unawaited.failure ??= { error };
  }
}

/** Resolves when all that was sent in a transaction has been answered, one way or the other. */
export async function allAnswered(tx: Db): Promise<void> {
  await Promise.all((tx.client as Client).unawaited?.underWay ?? []);
}

/** Why a transaction cannot go on: what failed first of the statements that nobody waited for. */
export function failureSent(tx: Db): { readonly error: unknown } | undefined {
  return (tx.client as Client).unawaited?.failure;
}

/** PostgreSQL parses and plans what has a name once for each connection: that costs as much as to run it. */
function statementOf({ statementNames }: Client, sql: string, bindings: readonly unknown[]) {
  if (bindings.length > MOST_PLANNED) return { sql, bindings: [...bindings] };
  const name = statementNames.get(sql) ?? hash('sha1', sql);
  if (statementNames.size >= MOST_KEPT) statementNames.clear();
  statementNames.set(sql, name);
  return { sql, bindings: [...bindings], options: { name } };
}
