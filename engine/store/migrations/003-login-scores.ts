import type { Migration } from '../migration.ts';

/** Failed logins are scored in the store, so that every process knows of them and a restart forgets none. */
export const loginScores: Migration = {
  number: 3,
  name: 'login scores',
  async apply(tx) {
    await tx.schema.createTable('login_scores', (table) => {
      table.string('network', 45).notNullable(); // an IPv4 address, 64 bits of IPv6; empty: a login from anywhere
      table.string('login', 64).notNullable(); // empty: whatever the network asked for
      table.double('score').notNullable(); // as it was at scored_at
      table.text('scored_at').notNullable();
      table.text('banned_until'); // null: not over its limit
      table.text('fades_at').notNullable(); // nothing is left of the score then
      table.primary(['network', 'login']);
      table.index(['fades_at']);
    });
    await tx.raw('create index login_scores_banned on login_scores (banned_until) where banned_until is not null');
  },
};
