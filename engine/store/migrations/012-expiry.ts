import type { Knex } from 'knex';
import { isSqlite } from '../database.ts';
import type { Migration } from '../migration.ts';

type Table = Knex.CreateTableBuilder;

const TABLES: Readonly<Record<string, (table: Table) => void>> = {
  // what stops an expiry: exactly one of message, type and mailbox is named
  holds(table) {
    table.increments('id');
    table.string('message_id', 40);
    table.string('message_type', 40);
    table.integer('mailbox').references('mailboxes.id');
    table.text('reason').notNullable();
    table.string('who', 80).notNullable();
    table.text('at').notNullable();
    table.index(['message_id']);
  },
  // what was removed, signed; stays
  deletion_records(table) {
    table.increments('number');
    table.string('id', 36).notNullable().unique();
    table.text('at').notNullable();
    table.integer('messages').notNullable();
    table.binary('content').notNullable(); // the JSON that is signed, by gzip
    table.binary('signature').notNullable(); // CMS, detached, DER
  },
  removed_messages(table) {
    table.string('message_id', 40).notNullable();
    table.integer('mailbox').notNullable();
    table.integer('record').notNullable().references('deletion_records.number');
    table.primary(['message_id', 'mailbox']);
  },
  // what somebody is to be told of at once, by those who send mails
  mailbox_notices(table) {
    table.bigIncrements('id');
    table.integer('mailbox').notNullable();
    table.string('message_id', 40).notNullable();
    table.string('kind', 16).notNullable(); // registered | expiring | unread | task
    table.integer('days').notNullable().defaultTo(0); // before the expiry or the due date
    table.text('at').notNullable();
    table.unique(['mailbox', 'message_id', 'kind', 'days']);
  },
  // what a message asks of the owner of a mailbox
  tasks(table) {
    table.integer('mailbox').notNullable();
    table.string('message_id', 40).notNullable();
    table.text('due_at').notNullable();
    table.string('state', 8).notNullable(); // open | done | overdue
    table.text('done_at');
    table.string('done_by', 80);
    table.integer('reminded_days'); // before it is due, of the last reminder
    table.primary(['mailbox', 'message_id']);
    table
      .foreign(['message_id', 'mailbox'])
      .references(['message_id', 'mailbox'])
      .inTable('mailbox_messages')
      .onDelete('CASCADE');
    table.index(['state', 'due_at']);
  },
  // evidence of registered mail; outlives the message
  registered_mail(table) {
    table.string('message_id', 40).notNullable();
    table.integer('mailbox').notNullable();
    table.text('dispatched_at').notNullable();
    table.string('proof_sha256', 64).notNullable();
    table.string('proof_signature_sha256', 64).notNullable();
    table.text('read_at');
    table.string('receipt_sha256', 64);
    table.string('receipt_signature_sha256', 64);
    table.primary(['message_id', 'mailbox']);
  },
  // where the owner of a mailbox gets mails
  mail_addresses(table) {
    table.increments('id');
    table.integer('mailbox').notNullable().references('mailboxes.id');
    table.string('address', 254).notNullable();
    table.string('language', 2).notNullable(); // nl | fr | de | en
    table.boolean('owner').notNullable(); // the enterprise's own address, not a subscriber's
    table.boolean('provisioned').notNullable().defaultTo(false); // as the operator has it
    table.text('confirmed_at'); // null: nothing but the request to confirm is sent
    table.string('token_hash', 64); // of what confirms it
    table.text('token_until');
    table.text('created_at').notNullable();
    table.integer('failures').notNullable().defaultTo(0); // in a row
    table.text('failing_since'); // it keeps failing
    table.text('last_failure'); // what the mail server said
    table.unique(['mailbox', 'address']);
    table.index(['failing_since']);
  },
  mails(table) {
    table.string('id', 36).primary(); // of the delivery: the Message-ID is made of it
    table.integer('mailbox').notNullable();
    table.string('address', 254).notNullable();
    table.string('language', 2).notNullable();
    table.string('kind', 16).notNullable(); // summary | registered | expiring | task | confirm
    table.string('subject_key', 80).notNullable(); // the day, the message, …: the same again is the same mail
    table.text('facts').notNullable(); // JSON: counts and dates, nothing of what messages say
    table.string('state', 8).notNullable(); // queued | sent | refused | bounced | expired
    table.integer('attempts').notNullable().defaultTo(0);
    table.text('due_at').notNullable();
    table.text('created_at').notNullable();
    table.text('settled_at');
    table.text('answer'); // the last that the mail server said
    table.unique(['mailbox', 'address', 'kind', 'subject_key']);
    table.index(['state', 'due_at']);
  },
};

/** Holds, records of what was removed, notices, tasks, evidence of registered mail, addresses and mails. */
export const expiry: Migration = {
  number: 12,
  name: 'expiry, mails',
  async apply(tx: Knex) {
    for (const [name, columns] of Object.entries(TABLES)) await tx.schema.createTable(name, columns);
    await tx.schema.alterTable('mailbox_messages', (table) => {
      table.text('alerted_at'); // the feed was told that it expires unread
    });
    // who has not been reminded yet: empties as they are
    await tx.raw(`create index mailbox_messages_unreminded on mailbox_messages (received_at, mailbox, position)
      where first_read_at is null and reminded_at is null`);
    if (!isSqlite(tx)) await vacuumSooner(tx);
  },
};

/** Removal leaves many dead rows in these at once: their space is found again long before a fifth of the table is dead. */
async function vacuumSooner(tx: Knex): Promise<void> {
  for (const table of ['mailbox_messages', 'messages', 'attachments']) {
    await tx.raw(`alter table ${table} set (autovacuum_vacuum_scale_factor = 0.02)`);
  }
}
