import type { Knex } from 'knex';
import type { Migration } from '../migration.ts';

/** Answers know their copy in a drop folder; content that must go nowhere is listed. */
export const drop: Migration = {
  number: 5,
  name: 'drop folders, quarantine',
  async apply(tx: Knex) {
    await tx.schema.alterTable('folder_files', (table) => {
      table.string('copy', 80); // names its copy in a drop folder; null while there is none
    });
    // what the drop folders ask for every second
    await tx.raw(
      `create index folder_files_uncopied on folder_files (sender, folder, name)
       where copy is null and folder in ('OUT', 'OUTTEST', 'OUTTEST-S')`,
    );
    await tx.schema.createTable('quarantine', (table) => {
      table.string('sha256', 64).primary();
      table.text('signature').notNullable(); // what the scanner calls it
      table.string('ticket', 13).notNullable(); // of the submission that it was found in first
      table.string('sender', 6).notNullable();
      table.text('found_at').notNullable();
      table.index(['found_at']);
    });
  },
};
