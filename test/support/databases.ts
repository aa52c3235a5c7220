import { randomBytes } from 'node:crypto';
import { type Db, openStore } from '../../engine/store/database.ts';

/** A database of PostgreSQL of its own. */
export interface NewDatabase {
  readonly name: string;
  readonly url: string;
  /** Drops it, whoever is connected. */
  remove(): Promise<void>;
}

/**
 * Makes a database on the server of this address: empty, or a copy of `template`, to which nobody may be connected and
 * with whose name the new one begins.
 */
export async function newDatabase(server: string, template?: string): Promise<NewDatabase> {
  const name = `${template ?? 'test'}_${randomBytes(6).toString('hex')}`;
  await onServer(server, (db) => db.raw('create database ?? template ??', [name, template ?? 'template1']));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { name, url: url.href, remove: () => dropDatabase(server, name) };
}

/** Drops a database and those that were made from it, whoever is connected. */
export async function dropDatabases(server: string, template: string): Promise<void> {
  await onServer(server, async (db) => {
    const names = await db('pg_database').where('datname', 'like', `${template}%`).pluck('datname');
    for (const name of names) await dropDatabase(server, name);
  });
}

async function dropDatabase(server: string, name: string): Promise<void> {
  await onServer(server, (db) => db.raw('drop database ?? with (force)', [name]));
}

/** Does something on a connection of its own. */
export async function onServer<T>(url: string, work: (db: Db) => Promise<T>): Promise<T> {
  const db = openStore({ url, poolSize: 1 });
  return work(db).finally(() => db.destroy());
}
