import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../config/package-root.ts';
import { EngineError, messageOf } from '../engine/core/errors.ts';
import { type Db, openStore } from '../engine/store/database.ts';
import { migrate } from '../engine/store/migrate.ts';
import { schemaText } from './schema-text.ts';

/** Writes engine/store/schema.sql: PostgreSQL's schema after all migrations, made on the server that TEST_PG_URL names. */
async function main(): Promise<void> {
  const server = process.env['TEST_PG_URL'];
  if (!server) throw new EngineError('usage_wrong', 'TEST_PG_URL must name a PostgreSQL server to make the schema on');
  const schema = `dump_${randomBytes(6).toString('hex')}`;
  await onServer(server, (db) => db.raw('create schema ??', [schema]));
  try {
    await onServer(within(server, schema), migrate);
    await writeFile(join(packageRoot(), 'engine/store/schema.sql'), await schemaText(server, schema));
  } finally {
    await onServer(server, (db) => db.raw('drop schema ?? cascade', [schema]));
  }
}

function within(server: string, schema: string): string {
  const url = new URL(server);
  url.searchParams.set('options', `-c search_path=${schema}`);
  return url.href.replaceAll('+', '%20');
}

async function onServer(url: string, work: (db: Db) => Promise<unknown>): Promise<void> {
  const db = openStore({ url, poolSize: 1 });
  await work(db).finally(() => db.destroy());
}

await main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
