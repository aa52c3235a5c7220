import type { Knex } from 'knex';
import type { Migration } from '../migration.ts';

type Table = Knex.CreateTableBuilder;

const PERIOD = 10; // 2026-03-14, 2026-H1

const TABLES: Readonly<Record<string, (table: Table) => void>> = {
  records(table) {
    table.bigIncrements('id'); // in the order of commits, as far as cutoffs can tell (see engine/records)
    table.string('source', 40).notNullable();
    table.string('authority', 10).notNullable(); // the enterprise number of whom it is about
    table.string('kind', 20).notNullable(); // what lists choose by; empty where the source has no kinds
    table.string('day', 10).notNullable(); // YYYY-MM-DD: places it in a period
    table.string('position', 80).notNullable(); // its order in a list
    table.text('fields').notNullable(); // JSON: name → text
    table.text('arrived_at').notNullable();
    table.text('closed_at'); // of what stays open until it is answered; null while it is
    table.string('ticket', 13).notNullable(); // of the submission that brought it
    table.integer('form_index').notNullable();
    table.integer('line').notNullable(); // from 1, in the form
    table.unique(['ticket', 'form_index', 'line']);
    table.index(['source', 'authority', 'day']);
    table.index(['source', 'authority', 'id']);
    table.index(['source', 'day', 'authority']);
  },
  list_runs(table) {
    table.string('list', 40).notNullable();
    table.string('period', PERIOD).notNullable();
    table.integer('sequence').notNullable(); // from 1: runs of a list follow one another
    table.text('slot').notNullable(); // when it was due
    table.string('from_day', 10).notNullable();
    table.string('until_day', 10).notNullable(); // exclusive
    table.bigInteger('after').notNullable(); // records up to this id were the earlier runs' to take
    table.bigInteger('cutoff').notNullable(); // and up to this one they are its own to take
    table.string('state', 8).notNullable(); // running | done
    table.text('begun_at').notNullable();
    table.text('done_at');
    table.primary(['list', 'period']);
    table.unique(['list', 'sequence']);
  },
  list_documents(table) {
    table.string('list', 40).notNullable();
    table.string('period', PERIOD).notNullable();
    table.string('authority', 10).notNullable();
    table.integer('version').notNullable(); // from 1; the latest is in force, the others are kept
    table.integer('records').notNullable();
    table.integer('corrections').notNullable(); // of them, those of earlier periods
    table.text('totals').notNullable(); // JSON: column → sum
    table.string('message_id', 40).notNullable(); // in the authority's mailbox
    table.text('published_at').notNullable();
    table.foreign(['list', 'period']).references(['list', 'period']).inTable('list_runs');
    table.primary(['list', 'period', 'authority', 'version']);
  },
  list_files(table) {
    table.string('list', 40).notNullable();
    table.string('period', PERIOD).notNullable();
    table.string('authority', 10).notNullable();
    table.integer('version').notNullable();
    table.string('format', 8).notNullable(); // csv | fixed | xml | pdf | zip
    table.text('name').notNullable();
    table.string('sha256', 64).notNullable();
    table.bigInteger('size').notNullable();
    table
      .foreign(['list', 'period', 'authority', 'version'])
      .references(['list', 'period', 'authority', 'version'])
      .inTable('list_documents');
    table.primary(['list', 'period', 'authority', 'version', 'format']);
    table.index(['sha256']);
  },
  document_deliveries(table) {
    table.string('id', 80).primary(); // of the message that asks for it
    table.string('sender', 6).notNullable();
    table.text('stem').notNullable(); // of the trio's own files
    table.string('sha256', 64).notNullable();
    table.string('signature_sha256', 64).notNullable();
    table.text('placed_at').notNullable();
  },
  list_reconciliations(table) {
    table.bigIncrements('id');
    table.string('list', 40).notNullable();
    table.text('at').notNullable();
    table.boolean('balanced').notNullable();
    table.bigInteger('records').notNullable(); // that runs had to take
    table.bigInteger('listed').notNullable(); // that are in their documents
    table.text('differences').notNullable(); // JSON: [{period, authority, …}], the first hundred
    table.index(['list', 'id']);
  },
};

/** Records that lists are made of, the runs that make them, and what they published. */
export const lists: Migration = {
  number: 10,
  name: 'records and lists',
  async apply(tx: Knex) {
    for (const [name, columns] of Object.entries(TABLES)) await tx.schema.createTable(name, columns);
    await tx.raw('create index records_open on records (source, authority, id) where closed_at is null');
    if (tx.client.driverName !== 'pg') return;
    // compared byte by byte, as SQLite does: lists are in the same order on both
    for (const column of ['authority', 'day', 'position']) {
      await tx.raw(`alter table records alter column ${column} type ${TYPES[column]} collate "C"`);
    }
  },
};

const TYPES: Readonly<Record<string, string>> = {
  authority: 'varchar(10)',
  day: 'varchar(10)',
  position: 'varchar(80)',
};
