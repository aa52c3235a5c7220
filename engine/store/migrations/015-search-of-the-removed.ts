import type { Migration } from '../migration.ts';

/** The removal of expired messages left what they were found by: a text that nobody may keep, and places where nothing lies. */
export const searchOfTheRemoved: Migration = {
  number: 15,
  name: 'search of the removed',
  async apply(tx) {
    await tx.raw(`delete from mailbox_search where not exists (select 1 from mailbox_messages m
      where m.mailbox = mailbox_search.mailbox and m.position = mailbox_search.position)`);
  },
};
