import type { Knex } from 'knex';

type Table = Knex.CreateTableBuilder;

const TABLES: Readonly<Record<string, (table: Table) => void>> = {
  organisations(table) {
    table.string('enterprise_number', 10).primary();
    table.text('names').notNullable(); // JSON: language → name
    table.string('language', 2).notNullable();
    table.text('email');
    table.string('nsso_number', 10).unique();
    table.string('mailbox_type', 16).notNullable();
  },
  qualities(table) {
    table.string('enterprise_number', 10).notNullable().references('organisations.enterprise_number');
    table.string('code', 40).notNullable();
    table.primary(['enterprise_number', 'code']);
  },
  senders(table) {
    table.string('number', 6).primary();
    table.text('login').notNullable().unique();
    table.string('enterprise_number', 10).notNullable();
    table.string('quality', 40).notNullable();
    table.string('state', 16).notNullable(); // active | suspended
    table.text('channels').notNullable(); // JSON list
    table.text('goals').notNullable(); // JSON list
    table.text('networks').notNullable(); // JSON list
    table.text('mandates'); // JSON list or null: any employer
    table.text('password_hash');
    table.foreign(['enterprise_number', 'quality']).references(['enterprise_number', 'code']).inTable('qualities');
  },
  sender_keys(table) {
    table.string('sender', 6).notNullable().references('senders.number');
    table.string('fingerprint', 64).notNullable(); // SHA-256 of the key blob, base64
    table.text('public_key').notNullable(); // one line of OpenSSH's authorized_keys format
    table.primary(['sender', 'fingerprint']);
  },
  sender_certificates(table) {
    table.string('sender', 6).notNullable().references('senders.number');
    table.string('fingerprint', 64).notNullable(); // SHA-256 of the DER, lower-case hex
    table.text('pem').notNullable();
    table.primary(['sender', 'fingerprint']);
  },
  folder_files(table) {
    table.bigIncrements('id');
    table.string('sender', 6).notNullable();
    table.string('folder', 10).notNullable();
    table.text('name').notNullable();
    table.string('channel', 16); // that it came by; null in an OUT folder
    table.string('state', 8).notNullable(); // partial | complete
    table.bigInteger('size').notNullable();
    table.string('sha256', 64); // null while partial
    table.text('digests'); // JSON: digest of the text form, see content-digest.ts
    table.text('file'); // name in the blob directory; null when the bytes are in this row or in `blobs`
    table.text('modified_at').notNullable();
    table.text('stored_at').notNullable();
    table.binary('content'); // bytes of a small file; last, so that a listing need not read past them
    table.unique(['sender', 'folder', 'name']);
  },
  blobs(table) {
    table.string('sha256', 64).primary();
    table.bigInteger('size').notNullable();
    table.text('file'); // name in the blob directory; null when the bytes are in this row
    table.text('stored_at').notNullable();
    table.binary('content');
  },
  submissions(table) {
    table.string('ticket', 13).primary();
    table.string('sender', 6).notNullable();
    table.text('stem').notNullable();
    table.string('content_hash', 64).notNullable();
    table.string('goal', 16).notNullable();
    table.string('environment', 1).notNullable();
    table.string('channel', 16).notNullable();
    table.string('state', 16).notNullable(); // received | accepted | refused | handled
    table.integer('result_code'); // 1 accepted, 0 refused, null undecided
    table.text('errors').notNullable(); // JSON list of {code, detail…}
    table.text('signature'); // JSON: signature report
    table.text('received_at').notNullable();
    table.unique(['sender', 'stem', 'content_hash']);
    table.index(['received_at', 'ticket']);
  },
  stems(table) {
    table.string('sender', 6).notNullable();
    table.text('stem').notNullable();
    table.string('ticket', 13).notNullable();
    table.primary(['sender', 'stem']);
  },
  submission_files(table) {
    table.string('ticket', 13).notNullable().references('submissions.ticket');
    table.text('name').notNullable();
    table.string('role', 2).notNullable(); // FI | FS | GO | TD
    table.integer('part').notNullable();
    table.string('sha256', 64).notNullable();
    table.bigInteger('size').notNullable();
    table.primary(['ticket', 'name']);
  },
  forms(table) {
    table.string('ticket', 13).notNullable().references('submissions.ticket');
    table.integer('form_index').notNullable(); // from 1, over all parts
    table.integer('part').notNullable();
    table.string('outcome', 16).notNullable(); // accepted | refused
    table.text('facts').notNullable(); // JSON: header, employer, byte range in the part
    table.text('anomalies').notNullable(); // JSON list
    table.primary(['ticket', 'form_index']);
  },
  events(table) {
    table.bigIncrements('id');
    table.string('ticket', 13).notNullable().references('submissions.ticket');
    table.text('at').notNullable();
    table.string('what', 40).notNullable();
    table.text('facts').notNullable(); // JSON
    table.index(['ticket', 'id']);
  },
  outbox(table) {
    table.bigIncrements('id');
    table.string('queue', 40).notNullable();
    table.string('message_id', 80).notNullable();
    table.text('message').notNullable(); // JSON
    table.integer('attempt').notNullable();
    table.text('due_at').notNullable();
    table.text('leased_until'); // null while nobody has it in hand
    table.index(['queue', 'due_at', 'id']);
  },
  processed(table) {
    table.string('consumer', 40).notNullable();
    table.string('message_id', 80).notNullable();
    table.text('processed_at').notNullable();
    table.primary(['consumer', 'message_id']);
  },
  dead_letters(table) {
    table.bigIncrements('id');
    table.string('queue', 40).notNullable();
    table.string('message_id', 80).notNullable();
    table.text('message').notNullable();
    table.integer('attempt').notNullable();
    table.text('reason').notNullable();
    table.text('buried_at').notNullable();
    table.unique(['queue', 'message_id']);
  },
  reply_numbers(table) {
    table.string('day', 8).notNullable();
    table.string('goal', 4).notNullable();
    table.string('environment', 1).notNullable();
    table.bigInteger('last').notNullable();
    table.primary(['day', 'goal', 'environment']);
  },
  deliveries(table) {
    table.string('ticket', 13).notNullable().references('submissions.ticket');
    table.string('goal', 4).notNullable(); // ACRF | NOTI
    table.text('stem').notNullable(); // of the answer's own files
    table.string('sha256', 64).notNullable();
    table.string('signature_sha256', 64).notNullable();
    table.text('placed_at').notNullable();
    table.primary(['ticket', 'goal']);
  },
  mailboxes(table) {
    table.string('ebox_id', 20).primary();
    table.string('type', 16).notNullable();
    table.text('created_at').notNullable();
  },
  messages(table) {
    table.string('id', 40).primary();
    table.string('ebox_id', 20).notNullable().references('mailboxes.ebox_id');
    table.string('message_type', 40).notNullable();
    table.text('subject').notNullable(); // JSON: language → text
    table.string('ticket', 13);
    table.text('received_at').notNullable();
    table.index(['ebox_id', 'received_at', 'id']);
  },
  attachments(table) {
    table.string('message_id', 40).notNullable().references('messages.id');
    table.integer('number').notNullable();
    table.text('file_name').notNullable();
    table.string('media_type', 80).notNullable();
    table.boolean('main').notNullable();
    table.string('sha256', 64).notNullable();
    table.bigInteger('size').notNullable();
    table.primary(['message_id', 'number']);
  },
};

/** The first schema: registry, folders, submissions, queueing, mailboxes. */
export const initial = {
  number: 1,
  name: 'initial',
  async apply(tx: Knex): Promise<void> {
    for (const [name, columns] of Object.entries(TABLES)) await tx.schema.createTable(name, columns);
    // names are compared byte by byte, as SQLite does: a page of a listing is a range of the index
    if (tx.client.driverName === 'pg') {
      await tx.raw('alter table folder_files alter column name type text collate "C"');
    }
  },
};
