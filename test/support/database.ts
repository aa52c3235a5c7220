import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Db, openStore } from '../../engine/store/database.ts';
import { migrate } from '../../engine/store/migrate.ts';
import { onServer } from './databases.ts';
import { recycledDatabase } from './recycled.ts';
import { serviceUrl } from './services.ts';
import { TEMPLATES } from './templates.ts';

export type StoreKind = 'sqlite' | 'postgres';

/** The stores this run tests: SQLite always, PostgreSQL when TEST_PG_URL is set; it must be where services are required. */
export const STORES: readonly StoreKind[] =
  serviceUrl('TEST_PG_URL') === undefined ? ['sqlite'] : ['sqlite', 'postgres'];

/** A database of its own that several processes or pools may open; removed by `remove`. */
export interface TestDatabase {
  readonly url: string;
  remove(): Promise<void>;
}

/** Makes an empty database: a file of its own, or a schema of its own. */
export async function createTestDatabase(kind: StoreKind): Promise<TestDatabase> {
  return kind === 'sqlite' ? createFile() : createSchema(serviceUrl('TEST_PG_URL') ?? '');
}

async function createFile(): Promise<TestDatabase> {
  const dir = await mkdtemp(join(tmpdir(), 'bode-store-'));
  return {
    url: `sqlite:${join(dir, 'bode.sqlite')}`,
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

async function createSchema(server: string): Promise<TestDatabase> {
  const schema = `test_${randomBytes(6).toString('hex')}`;
  await onServer(server, (db) => db.raw('create schema ??', [schema]));
  const url = new URL(server);
  url.searchParams.set('options', `-c search_path=${schema}`);
  return {
    url: url.href.replaceAll('+', '%20'),
    remove: () => onServer(server, (db) => db.raw('drop schema ?? cascade', [schema])),
  };
}

/** A migrated, empty database of its own, open; `close` removes it. */
export async function openTestStore(
  kind: StoreKind = 'sqlite',
): Promise<{ db: Db; url: string; close(): Promise<void> }> {
  const { url, remove } = await createMigrated(kind);
  const db = openStore({ url, poolSize: 5 });
  const close = async () => {
    await db.destroy();
    await remove();
  };
  return { db, url, close };
}

/** A copy of the template, as good as new; without one (mocha makes it: templates.ts) an empty database and all migrations. */
async function createMigrated(kind: StoreKind): Promise<TestDatabase> {
  const template = process.env[TEMPLATES[kind]];
  if (template && kind === 'postgres') return recycledDatabase(serviceUrl('TEST_PG_URL') ?? '', template);
  const database = await createTestDatabase(kind);
  if (template) await copyFile(template, database.url.slice('sqlite:'.length));
  else await onServer(database.url, migrate);
  return database;
}
