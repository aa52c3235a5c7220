import type { Migration } from '../migration.ts';

/** What authorities answered to what is open, and which of them get it one by one instead of in lists. */
export const signals: Migration = {
  number: 11,
  name: 'answers to signals',
  async apply(tx) {
    await tx.schema.alterTable('records', (table) => {
      table.string('reference', 40); // what an answer calls it by; null where nothing is answered
      table.integer('alone').notNullable().defaultTo(0); // 1: the authority got it by itself, so it is in no list
    });
    await tx.raw('create unique index records_reference on records (source, reference) where reference is not null');
    await tx.schema.createTable('record_answers', (table) => {
      table.bigIncrements('id');
      table.bigInteger('record_id').notNullable().references('records.id');
      table.string('code', 20).notNullable();
      table.text('remark').notNullable();
      table.string('outcome', 16).notNullable(); // closed | noted | repeated | contradicted
      table.text('at').notNullable();
      table.string('ticket', 13).notNullable();
      table.integer('form_index').notNullable();
      table.integer('line').notNullable();
      table.unique(['ticket', 'form_index', 'line']);
      table.index(['record_id', 'id']);
    });
    await tx.schema.createTable('electronic_authorities', (table) => {
      table.string('source', 40).notNullable();
      table.string('authority', 10).notNullable();
      table.string('from_day', 10).notNullable(); // the first day of a period
      table.string('until_day', 10); // exclusive; null while it goes on
      table.primary(['source', 'authority', 'from_day']);
    });
  },
};
