import type { Migration } from '../migration.ts';

/** What the web service remembers of requests, so that none has its effect twice in any process. */
export const webservice: Migration = {
  number: 4,
  name: 'web service',
  async apply(tx) {
    await tx.schema.createTable('used_assertions', (table) => {
      table.string('client', 64).notNullable();
      table.string('jti', 64).notNullable(); // SHA-256 of what the client calls it
      table.text('expires_at').notNullable(); // after which the assertion is refused for its age
      table.primary(['client', 'jti']);
      table.index(['expires_at']);
    });
    await tx.schema.createTable('idempotency_keys', (table) => {
      table.string('sender', 6).notNullable();
      table.string('key', 64).notNullable(); // SHA-256 of what the sender calls it
      table.string('content', 64).notNullable(); // SHA-256 over the names and digests of the files
      table.string('ticket', 13).notNullable();
      table.text('used_at').notNullable();
      table.primary(['sender', 'key']);
      table.index(['used_at']);
    });
  },
};
