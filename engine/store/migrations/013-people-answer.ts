import type { Knex } from 'knex';
import { isSqlite } from '../database.ts';
import type { Migration } from '../migration.ts';

/** People answer messages too: who published one may be a person's id (26 characters) and not only a sender's number. */
export const peopleAnswer: Migration = {
  number: 13,
  name: 'people answer messages',
  async apply(tx: Knex) {
    if (isSqlite(tx)) return; // it holds texts of any length
    await tx.raw('alter table messages alter column publisher type varchar(26)');
    await tx.raw('alter table publication_keys alter column sender type varchar(26)');
  },
};
