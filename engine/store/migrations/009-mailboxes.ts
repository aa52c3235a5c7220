import type { Knex } from 'knex';
import { isSqlite } from '../database.ts';
import type { Migration } from '../migration.ts';

type Table = Knex.CreateTableBuilder;

const TABLES: Readonly<Record<string, (table: Table) => void>> = {
  mailboxes(table) {
    table.increments('id');
    table.string('kind', 16).notNullable(); // enterprise | institution | civil-servant | citizen
    table.string('ebox_id', 20).notNullable(); // enterprise number, INSS, or number of an employer that is not registered
    table.text('created_at').notNullable();
    table.text('active_since'); // the owner signed in or consented; null: has no digital user yet
    table.text('last_consulted_at'); // by the owner's software
    table.text('last_connected_at'); // a person on the portal
    table.text('last_received_at');
    table.integer('last_position').notNullable(); // of the newest message there ever was
    table.boolean('exclusive').notNullable().defaultTo(false); // consent to digital only, no paper copy
    table.boolean('hold').notNullable().defaultTo(false); // nothing in it expires
    table.unique(['kind', 'ebox_id']);
    table.index(['ebox_id']);
  },
  // what was published: one row, in however many mailboxes it lies
  messages(table) {
    table.string('id', 40).primary();
    table.string('message_type', 40).notNullable();
    table.string('sender_organisation', 10).notNullable(); // enterprise number
    table.string('sender_application', 40).notNullable(); // '' for none
    table.boolean('registered').notNullable();
    table.text('subject').notNullable(); // JSON: language → text
    table.text('body'); // JSON: language → text
    table.boolean('body_main').notNullable().defaultTo(false);
    table.text('payment'); // JSON
    table.text('business_data').notNullable(); // JSON list
    table.text('attention'); // JSON: whom in the organisation it is for
    table.boolean('reply_allowed').notNullable().defaultTo(false);
    table.string('original_id', 40); // of the message that this one answers
    table.string('publisher', 6); // number of the sender that published it; null: the engine
    table.string('ticket', 13); // of the submission that it came of
    table.text('published_at').notNullable();
    table.bigInteger('size').notNullable(); // bytes of its attachments together
    table.index(['original_id']);
  },
  // a message in a mailbox, and what its owner did with it; what lists are filtered by is copied from the message
  mailbox_messages(table) {
    table.integer('mailbox').notNullable().references('mailboxes.id');
    table.integer('position').notNullable(); // from 1, in the order of arrival, never used twice
    table.string('message_id', 40).notNullable().references('messages.id');
    table.string('message_type', 40).notNullable();
    table.string('sender_organisation', 10).notNullable();
    table.string('sender_application', 40).notNullable();
    table.boolean('registered').notNullable();
    table.string('partition', 40).notNullable();
    table.text('received_at').notNullable();
    table.text('expires_at').notNullable();
    table.text('first_read_at');
    table.boolean('visible').notNullable().defaultTo(true);
    table.boolean('hold').notNullable().defaultTo(false); // does not expire
    table.text('reminded_at'); // unread for long
    table.integer('warned_days'); // before expiry, of the last warning
    table.primary(['mailbox', 'position']);
    table.unique(['message_id', 'mailbox']);
    table.index(['mailbox', 'message_type', 'position']);
    table.index(['mailbox', 'received_at', 'position']);
    table.index(['expires_at', 'mailbox', 'position']);
  },
  // what a message in a mailbox is found by: apart, as it never changes and its index is dear
  mailbox_search(table) {
    table.integer('mailbox').notNullable();
    table.integer('position').notNullable();
    table.text('search').notNullable(); // folded, a section for each language
    table.primary(['mailbox', 'position']);
  },
  // how many messages there are of each sort: totals without counting
  mailbox_counts(table) {
    table.integer('mailbox').notNullable().references('mailboxes.id');
    table.string('message_type', 40).notNullable();
    table.string('sender_organisation', 10).notNullable();
    table.string('sender_application', 40).notNullable();
    table.boolean('registered').notNullable();
    table.string('partition', 40).notNullable();
    table.boolean('is_read').notNullable();
    table.boolean('visible').notNullable();
    table.integer('messages').notNullable();
    table.bigInteger('size').notNullable(); // bytes of their attachments
    table.primary([...SORT]);
  },
  attachments(table) {
    table.string('message_id', 40).notNullable().references('messages.id');
    table.integer('number').notNullable(); // from 1, in the order they are shown
    table.text('title'); // JSON: language → text; null: the file name
    table.text('file_name').notNullable();
    table.string('media_type', 80).notNullable();
    table.boolean('main').notNullable();
    table.boolean('signed').notNullable().defaultTo(false); // as its publisher says
    table.string('sha256', 64).notNullable();
    table.bigInteger('size').notNullable();
    table.primary(['message_id', 'number']);
  },
  // rows get their sequence after they were committed, so that no reader ever sees a gap
  mailbox_events(table) {
    table.bigIncrements('id');
    table.bigInteger('sequence').unique(); // null until it is numbered
    table.text('at').notNullable();
    table.string('provider', 100).notNullable(); // document provider that it comes from
    table.string('event_key', 150).notNullable(); // the same again is the same event
    table.string('type', 32).notNullable();
    table.string('ebox_id', 20).notNullable();
    table.text('data').notNullable(); // JSON, as the feed gives it
    table.unique(['provider', 'event_key']);
  },
  mailbox_event_numbers(table) {
    table.integer('id').primary(); // one row
    table.bigInteger('last').notNullable();
  },
  routing_rules(table) {
    table.integer('mailbox').notNullable().references('mailboxes.id');
    table.integer('priority').notNullable(); // the lowest that fits wins
    table.string('message_type', 40); // null: any
    table.string('sender_application', 40);
    table.string('sender_organisation', 10);
    table.string('partition', 40).notNullable();
    table.primary(['mailbox', 'priority']);
  },
  publication_keys(table) {
    table.string('sender', 6).notNullable();
    table.string('application', 40).notNullable();
    table.text('key').notNullable(); // what the publisher calls its request
    table.string('message_id', 40).notNullable();
    table.text('at').notNullable();
    table.primary(['sender', 'application', 'key']);
  },
  message_providers(table) {
    table.string('id', 100).primary();
    table.text('details').notNullable(); // JSON, as the federation shows it
    table.text('changed_at').notNullable();
  },
};

const SORT = [
  ...(['mailbox', 'message_type', 'sender_organisation', 'sender_application', 'registered', 'partition'] as const),
  ...(['is_read', 'visible'] as const),
];

const OLD = ['attachments', 'messages', 'mailboxes'];
const FOREVER = '9999-12-31T23:59:59.999Z';

/** Mailboxes of four kinds; a message apart from the mailboxes it lies in; totals, events, routing, providers. */
export const mailboxes: Migration = {
  number: 9,
  name: 'mailboxes',
  async apply(tx: Knex) {
    for (const table of OLD) await tx.raw(`create table old_${table} as select * from ${table}`);
    for (const table of OLD) await tx.schema.dropTable(table);
    for (const [name, columns] of Object.entries(TABLES)) await tx.schema.createTable(name, columns);
    await tx('mailbox_event_numbers').insert({ id: 1, last: 0 });
    await tx.schema.alterTable('senders', (table) => {
      table.text('scopes'); // JSON list or null: nothing at the e-Box interface
    });
    await indexFlags(tx);
    await moveIn(tx);
    for (const table of OLD) await tx.schema.dropTable(`old_${table}`);
    await indexSearch(tx);
  },
};

/** Few rows are in these: what a list that is filtered by a flag reads. */
async function indexFlags(tx: Knex): Promise<void> {
  const on = 'on mailbox_messages (mailbox, position) where';
  await tx.raw(`create index mailbox_messages_unread ${on} first_read_at is null`);
  await tx.raw(`create index mailbox_messages_registered ${on} registered`);
  await tx.raw(`create index mailbox_messages_hidden ${on} not visible`);
  await tx.raw('create index mailbox_events_unnumbered on mailbox_events (id) where sequence is null');
}

/** What the first release kept: no type had a validity, so nothing of it expires. It was never searched, and is not found. */
async function moveIn(tx: Knex): Promise<void> {
  const numbered = `select *, row_number() over (partition by ebox_id order by received_at, id) as position from old_messages`;
  await tx.raw(`insert into mailboxes (kind, ebox_id, created_at, last_position, last_received_at)
    select type, ebox_id, created_at,
      (select count(*) from old_messages m where m.ebox_id = b.ebox_id),
      (select max(received_at) from old_messages m where m.ebox_id = b.ebox_id)
    from old_mailboxes b order by created_at, ebox_id`);
  await tx.raw(`insert into messages (id, message_type, sender_organisation, sender_application, registered, subject,
      business_data, ticket, published_at, size)
    select id, message_type, '', '', false, subject, '[]', ticket, received_at,
      (select coalesce(sum(size), 0) from old_attachments a where a.message_id = m.id)
    from old_messages m`);
  await tx.raw(`insert into attachments (message_id, number, file_name, media_type, main, sha256, size)
    select message_id, number, file_name, media_type, main, sha256, size from old_attachments`);
  await tx.raw(
    `insert into mailbox_messages (mailbox, position, message_id, message_type, sender_organisation, sender_application,
      registered, partition, received_at, expires_at)
    select b.id, m.position, m.id, m.message_type, '', '', false, 'GENERAL', m.received_at, ?
    from (${numbered}) m join mailboxes b on b.ebox_id = m.ebox_id`,
    [FOREVER],
  );
  await tx.raw(`insert into mailbox_counts (mailbox, message_type, sender_organisation, sender_application, registered,
      partition, is_read, visible, messages, size)
    select p.mailbox, p.message_type, '', '', false, 'GENERAL', false, true, count(*), sum(m.size)
    from mailbox_messages p join messages m on m.id = p.message_id group by p.mailbox, p.message_type`);
}

/**
 * Substrings are found by trigrams, within a mailbox, on PostgreSQL. A database whose owner may not have the extensions does
 * without: its searches read the mailbox through.
 */
async function indexSearch(tx: Knex): Promise<void> {
  if (isSqlite(tx)) return;
  const there = await tx.raw(`select 1 from pg_available_extensions where name in ('pg_trgm', 'btree_gin')`);
  if (there.rows.length < 2) return;
  await tx.raw('savepoint trigrams');
  try {
    for (const name of ['pg_trgm', 'btree_gin'])
      await tx.raw(`create extension if not exists ${name} with schema public`);
    const { rows } = await tx.raw(
      `select nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where extname = 'pg_trgm'`,
    );
    const [{ nspname: home }] = rows;
    await tx.raw('create index mailbox_search_text on mailbox_search using gin (mailbox, search ??.gin_trgm_ops)', [
      home,
    ]);
  } catch {
    await tx.raw('rollback to savepoint trigrams');
  }
  await tx.raw('release savepoint trigrams');
}
