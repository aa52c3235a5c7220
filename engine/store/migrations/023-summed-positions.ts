import type { Migration } from '../migration.ts';

/** How far the last summary of a mailbox counted: by position, as a message may be committed after its time of arrival. */
export const summedPositions: Migration = {
  number: 23,
  name: 'summed positions',
  async apply(tx) {
    await tx.schema.alterTable('mailboxes', (table) => {
      table.integer('summed_position');
    });
  },
};
