import type { Migration } from '../migration.ts';

/** Addresses that the operator has for an organisation, and whose owner wants no mails there. */
export const addressesTakenAway: Migration = {
  number: 19,
  name: 'addresses taken away',
  async apply(tx) {
    await tx.schema.createTable('mail_addresses_taken_away', (table) => {
      table.integer('mailbox').notNullable().references('mailboxes.id');
      table.string('address', 254).notNullable();
      table.text('at').notNullable();
      table.primary(['mailbox', 'address']);
    });
  },
};
