import type { Migration } from '../migration.ts';

/** Registered mail outlives its message, so it says itself who published it, of which type, and into which partition. */
export const whoseRegisteredMail: Migration = {
  number: 18,
  name: 'whose registered mail',
  async apply(tx) {
    await tx.schema.alterTable('registered_mail', (table) => {
      table.string('publisher', 26); // null: the engine, or the message went before this was kept
      table.string('message_type', 40).notNullable().defaultTo(''); // '': the message went before this was kept
      table.string('partition', 40).notNullable().defaultTo('');
    });
    const message = (column: string) => `select m.${column} from messages m where m.id = registered_mail.message_id`;
    const place = `select p.partition from mailbox_messages p
      where p.message_id = registered_mail.message_id and p.mailbox = registered_mail.mailbox`;
    await tx.raw(`update registered_mail set publisher = (${message('publisher')}),
      message_type = coalesce((${message('message_type')}), ''), partition = coalesce((${place}), '')`);
  },
};
