import { randomBytes } from 'node:crypto';
import { type Db, openStore } from '../../engine/store/database.ts';

/** A database of PostgreSQL of its own. */
export interface NewDatabase {
  readonly name: string;
  readonly url: string;
  /** Drops it, whoever is connected. */
  remove(): Promise<void>;
}

/** Makes a database on the server of this address: empty, or a copy of `template`, to which nobody may be connected. */
export async function newDatabase(server: string, template = 'template1'): Promise<NewDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(server, (db) => db.raw('create database ?? template ??', [name, template]));
  const url = new URL(server);
  url.pathname = `/${name}`;
  const remove = () => onServer(server, (db) => db.raw('drop database ?? with (force)', [name]));
  return { name, url: url.href, remove };
}

/** Does something on a connection of its own. */
export async function onServer(url: string, work: (db: Db) => Promise<unknown>): Promise<void> {
  const db = openStore({ url, poolSize: 1 });
  await work(db).finally(() => db.destroy());
}
