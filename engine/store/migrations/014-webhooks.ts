import type { Migration } from '../migration.ts';

/** Who is told of mailbox events over HTTPS, how far each has been told, and what was given up. */
export const webhooks: Migration = {
  number: 14,
  name: 'webhooks',
  async apply(tx) {
    await tx.schema.createTable('webhooks', (table) => {
      table.string('id', 36).primary();
      table.string('organisation', 20).notNullable(); // whose mailboxes it is told of
      table.string('url', 2_000).notNullable();
      table.string('types', 200).notNullable(); // of events, with commas between
      table.string('secret', 80).notNullable(); // signs; the engine must be able to use it, so it is kept as it is
      table.string('created_by', 80).notNullable();
      table.text('created_at').notNullable();
      table.bigInteger('last_sequence').notNullable(); // told up to here
      table.integer('attempts').notNullable().defaultTo(0); // failed in a row
      table.text('failing_since');
      table.text('due_at').notNullable(); // not before
      table.text('answer'); // why it failed last
      table.index(['organisation']);
      table.index(['due_at']);
    });
    await tx.schema.createTable('webhook_letters', (table) => {
      table.increments('id');
      table.string('webhook', 36).notNullable().references('webhooks.id').onDelete('CASCADE');
      table.bigInteger('sequence').notNullable();
      table.text('at').notNullable(); // given up
      table.text('answer').notNullable();
      table.text('replay_at'); // somebody wants it tried again
      table.unique(['webhook', 'sequence']);
    });
    await tx.raw('create index webhook_letters_wanted on webhook_letters (replay_at) where replay_at is not null');
    await tx.raw('create index mailbox_events_of on mailbox_events (ebox_id, sequence)');
  },
};
