import { EngineError } from '../core/errors.ts';
import { LOCKS } from './advisory-locks.ts';
import { type Db, isSqlite } from './database.ts';
import type { Migration } from './migration.ts';
import { initial } from './migrations/001-initial.ts';
import { manyProcesses } from './migrations/002-many-processes.ts';
import { loginScores } from './migrations/003-login-scores.ts';
import { webservice } from './migrations/004-webservice.ts';
import { drop } from './migrations/005-drop.ts';
import { access } from './migrations/006-access.ts';
import { mandates } from './migrations/008-mandates.ts';
import { mailboxes } from './migrations/009-mailboxes.ts';
import { lists } from './migrations/010-lists.ts';
import { signals } from './migrations/011-signals.ts';
import { expiry } from './migrations/012-expiry.ts';
import { peopleAnswer } from './migrations/013-people-answer.ts';
import { webhooks } from './migrations/014-webhooks.ts';
import { searchOfTheRemoved } from './migrations/015-search-of-the-removed.ts';
import { recordsOfEachSource } from './migrations/016-records-of-each-source.ts';
import { electronicFromInstant } from './migrations/017-electronic-from-instant.ts';
import { whoseRegisteredMail } from './migrations/018-whose-registered-mail.ts';
import { addressesTakenAway } from './migrations/019-addresses-taken-away.ts';
import { tasksInOrder } from './migrations/022-tasks-in-order.ts';
import { summedPositions } from './migrations/023-summed-positions.ts';
import { whatRunsChoseBy } from './migrations/024-what-runs-chose-by.ts';
import { unhurried } from './postgres.ts';
import { inTransaction } from './transaction.ts';

/** Every migration, in order, listed by hand. */
export const MIGRATIONS: readonly Migration[] = [
  initial,
  manyProcesses,
  loginScores,
  webservice,
  drop,
  access,
  mandates,
  mailboxes,
  lists,
  signals,
  expiry,
  peopleAnswer,
  webhooks,
  searchOfTheRemoved,
  recordsOfEachSource,
  electronicFromInstant,
  whoseRegisteredMail,
  addressesTakenAway,
  tasksInOrder,
  summedPositions,
  whatRunsChoseBy,
];

/** Brings the schema up to date, once for any number of starters; refuses a database newer than this code. */
export async function migrate(db: Db): Promise<void> {
  await inTransaction(db, (tx) => (isSqlite(db) ? bringUp(tx) : unhurried(tx, () => lockAndBringUp(tx))));
}

async function lockAndBringUp(tx: Db): Promise<void> {
  await tx.raw('select pg_advisory_xact_lock(?)', [LOCKS.migration]);
  await bringUp(tx);
}

async function bringUp(tx: Db): Promise<void> {
  if (!(await tx.schema.hasTable('schema_versions'))) {
    await tx.schema.createTable('schema_versions', (table) => {
      table.integer('number').primary();
      table.text('name').notNullable();
      table.text('applied_at').notNullable();
    });
  }
  await applyMissing(tx);
}

async function applyMissing(tx: Db): Promise<void> {
  const row = await tx('schema_versions').max('number as newest').first();
  const newest = Number(row?.newest ?? 0);
  const known = MIGRATIONS.at(-1)?.number ?? 0;
  if (newest > known) {
    throw new EngineError(
      'store_newer',
      `the database is at schema version ${newest}, this program knows ${known}: start a newer release`,
    );
  }
  for (const migration of MIGRATIONS.filter(({ number }) => number > newest)) {
    await migration.apply(tx);
    await tx('schema_versions').insert({
      number: migration.number,
      name: migration.name,
      applied_at: new Date().toISOString(),
    });
  }
}
