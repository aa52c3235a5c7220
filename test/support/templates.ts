import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../engine/store/database.ts';
import { migrate } from '../../engine/store/migrate.ts';
import { dropDatabases, newDatabase } from './databases.ts';
import { serviceUrl } from './services.ts';

// Mocha loads this first (.mocharc.json) and runs it once, however many processes share the test files.

/** The variables that name a migrated, empty store to copy: a file of SQLite, and a database of PostgreSQL. */
export const TEMPLATES = { sqlite: 'TEST_SQLITE_TEMPLATE', postgres: 'TEST_PG_TEMPLATE' } as const;

const removals: (() => Promise<void>)[] = [];

/** Makes the migrated stores that `openTestStore` copies: a copy takes a tenth of the time of all migrations. */
export async function mochaGlobalSetup(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'bode-template-'));
  removals.push(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, 'bode.sqlite');
  await migrated(`sqlite:${file}`);
  process.env[TEMPLATES.sqlite] = file;
  const server = serviceUrl('TEST_PG_URL');
  if (server === undefined) return;
  const { name, url } = await newDatabase(server);
  removals.push(() => dropDatabases(server, name));
  await migrated(url);
  process.env[TEMPLATES.postgres] = name;
}

/** Removes them, and the copies that are kept. */
export async function mochaGlobalTeardown(): Promise<void> {
  for (const remove of removals.splice(0)) await remove();
}

async function migrated(url: string): Promise<void> {
  const db = openStore({ url, poolSize: 1 });
  await migrate(db).finally(() => db.destroy()); // PostgreSQL copies no database that somebody is connected to
}
