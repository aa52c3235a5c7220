import type { Knex } from 'knex';
import type { Migration } from '../migration.ts';

type Table = Knex.CreateTableBuilder;

const TABLES: Readonly<Record<string, (table: Table) => void>> = {
  people(table) {
    table.string('id', 26).primary();
    table.string('enterprise_number', 10).notNullable().references('organisations.enterprise_number');
    table.string('user_name', 64).notNullable().unique(); // never given again, not even after a deletion
    table.string('inss', 11); // null until the first sign-in, unless a manager gave it
    table.text('given_name').notNullable();
    table.text('family_name').notNullable();
    table.text('email');
    table.string('state', 8).notNullable(); // active | blocked | deleted
    table.text('password_hash');
    table.string('password_kind', 12); // temporary: must be changed at once | own; null: none
    table.text('password_set_at');
    table.text('totp_secret'); // base32; null: none
    table.boolean('totp_confirmed').notNullable();
    table.bigInteger('totp_step'); // of the last code that was taken: none is taken twice
    table.text('created_at').notNullable();
    table.unique(['enterprise_number', 'inss']);
    table.index(['inss']);
    table.index(['enterprise_number', 'id']);
  },
  appointments(table) {
    table.string('person', 26).notNullable().references('people.id');
    table.string('role', 16).notNullable(); // see engine/registry/permissions.ts
    table.string('quality', 40).notNullable(); // empty: of the organisation as a whole
    table.string('enterprise_number', 10).notNullable();
    table.text('appointed_at').notNullable();
    table.primary(['person', 'role', 'quality']);
    table.index(['enterprise_number', 'quality', 'role']);
  },
  rights(table) {
    table.string('person', 26).notNullable().references('people.id');
    table.string('kind', 8).notNullable(); // service | type (of protected messages)
    table.string('code', 40).notNullable();
    table.primary(['person', 'kind', 'code']);
  },
  sessions(table) {
    table.string('token', 64).primary(); // SHA-256 of the token
    table.string('person', 26).notNullable().references('people.id');
    table.string('means', 8).notNullable(); // password | oidc
    table.text('created_at').notNullable();
    table.text('expires_at').notNullable();
    table.index(['person']);
    table.index(['expires_at']);
  },
  oidc_requests(table) {
    table.string('state', 64).primary(); // SHA-256 of it
    table.string('browser', 64).notNullable(); // SHA-256 of what the browser was given
    table.string('provider', 40).notNullable();
    table.text('nonce').notNullable();
    table.text('verifier').notNullable(); // of PKCE
    table.string('enterprise_number', 10); // that the person wants to act for; null: the only one there is
    table.text('expires_at').notNullable();
    table.index(['expires_at']);
  },
  structured_messages(table) {
    table.string('enterprise_number', 10).notNullable();
    table.string('quality', 40).notNullable();
    table.text('saved_at').notNullable();
    table.string('sender', 6); // null until a technical user is named
    table.text('contact'); // JSON: the technical user
    table.primary(['enterprise_number', 'quality']);
    table.foreign(['enterprise_number', 'quality']).references(['enterprise_number', 'code']).inTable('qualities');
  },
  sender_numbers(table) {
    table.integer('id').primary(); // 1: there is one row
    table.integer('last').notNullable(); // that was given to a technical user; only ever grows
  },
};

const FIRST_NUMBER = 100_000; // below are those that operators chose

/** Who may do what: people and their appointments, sessions, rights, structured messages; whose an audit line is. */
export const access: Migration = {
  number: 6,
  name: 'access',
  async apply(tx: Knex): Promise<void> {
    for (const [name, columns] of Object.entries(TABLES)) await tx.schema.createTable(name, columns);
    await tx('sender_numbers').insert({ id: 1, last: FIRST_NUMBER });
    // one access manager and one co-manager for each quality, one co-main access manager (protocol §4)
    await tx.raw(
      `create unique index appointments_one on appointments (enterprise_number, quality, role)
       where role in ('co-main-manager', 'access-manager', 'co-manager')`,
    );
    await growRegistry(tx);
    await tx.schema.alterTable('audit', (table) => {
      table.string('organisation', 10); // whose managers may see the line; the facts name it too
      table.string('quality', 40); // null: only those of the whole organisation
    });
    await tx.raw('create index audit_organisation on audit (organisation, id) where organisation is not null');
  },
};

async function growRegistry(tx: Knex): Promise<void> {
  await tx.schema.alterTable('organisations', (table) => {
    table.string('access', 8).notNullable().defaultTo('open'); // open | blocked
    table.text('activated_at'); // first sign-in of a main access manager; null until then
    table.boolean('password_sign_in').notNullable().defaultTo(true);
    table.string('user_reading', 16).notNullable().defaultTo('per-service'); // or all
  });
  await tx.schema.alterTable('qualities', (table) => {
    table.string('state', 8).notNullable().defaultTo('active'); // or inactive
    table.boolean('is_default').notNullable().defaultTo(false);
  });
  await tx.schema.alterTable('senders', (table) => {
    table.string('access', 8).notNullable().defaultTo('open'); // open | blocked | deleted; beside the operator's `state`
    table.integer('revision').notNullable().defaultTo(0); // grows with whatever may end its logins
  });
}
