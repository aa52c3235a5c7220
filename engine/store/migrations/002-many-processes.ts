import type { Knex } from 'knex';
import type { Migration } from '../migration.ts';
import { growContent } from './002-content.ts';

type Table = Knex.CreateTableBuilder;

const TABLES: Readonly<Record<string, (table: Table) => void>> = {
  suspects(table) {
    table.string('queue', 40).notNullable();
    table.string('message_id', 80).notNullable();
    table.integer('starts').notNullable(); // how often it was begun after it had been in hand at a crash
    table.text('started_at').notNullable();
    table.primary(['queue', 'message_id']);
  },
  breakers(table) {
    table.string('sender', 6).primary();
    table.integer('failures').notNullable(); // in a row
    table.string('state', 8).notNullable(); // closed | open | resumed (not announced yet)
    table.integer('trips').notNullable(); // how often it was paused in a row
    table.text('until'); // open: nothing is taken in hand before, then one message at a time
    table.text('reason').notNullable(); // of the last failure
    table.text('failed_at').notNullable();
    table.text('changed_at').notNullable();
  },
  leases(table) {
    table.string('name', 40).primary();
    table.text('holder').notNullable();
    table.text('until').notNullable();
    table.bigInteger('takeovers').notNullable(); // from holders that let it run out
    table.text('previous').notNullable(); // from whom it was taken; empty when it was free
  },
  job_runs(table) {
    table.string('job', 40).notNullable();
    table.string('run_key', 40).notNullable();
    table.string('state', 8).notNullable(); // running | done | failed | stopped
    table.text('holder').notNullable();
    table.integer('attempts').notNullable(); // how often it was begun
    table.integer('failures').notNullable(); // how often it failed
    table.text('started_at').notNullable();
    table.text('finished_at');
    table.text('detail'); // what it did, or why it failed
    table.primary(['job', 'run_key']);
    table.index(['started_at']);
  },
  alerts(table) {
    table.bigIncrements('id');
    table.string('name', 40).notNullable();
    table.string('subject', 80).notNullable(); // what it is about; empty when there is only one
    table.text('detail').notNullable();
    table.text('raised_at').notNullable();
    table.text('gone_since'); // its condition is gone, but it may come back
    table.text('cleared_at'); // null while it stands
    table.integer('told').notNullable(); // transitions that the operator's program was told: 0, 1 (raised), 2 (cleared)
    table.integer('refused').notNullable(); // how often that program failed since
    table.index(['name', 'subject', 'id']);
    table.index(['told']);
  },
  audit(table) {
    table.bigIncrements('id');
    table.text('at').notNullable();
    table.string('who', 80).notNullable();
    table.string('what', 40).notNullable();
    table.string('subject', 120).notNullable();
    table.string('outcome', 40).notNullable();
    table.text('facts').notNullable(); // JSON
    table.bigInteger('seq').unique(); // place in the chain; null until it is linked
    table.string('hash', 64);
    table.index(['at']);
  },
};

/** What many processes on one store need: messages that know their sender, leases, job runs, breakers, alerts, the audit. */
export const manyProcesses: Migration = {
  number: 2,
  name: 'many processes',
  async apply(tx: Knex): Promise<void> {
    for (const [name, columns] of Object.entries(TABLES)) await tx.schema.createTable(name, columns);
    await tx.raw('create index audit_unlinked on audit (id) where seq is null');
    // whoever raises the alert that stands already raises nothing
    await tx.raw('create unique index alerts_standing on alerts (name, subject) where cleared_at is null');
    await growOutbox(tx);
    await growDeadLetters(tx);
    await growContent(tx);
  },
};

async function growOutbox(tx: Knex): Promise<void> {
  await tx.schema.alterTable('outbox', (table) => {
    table.string('sender', 6).notNullable().defaultTo('');
    table.string('sha256', 64); // content that only this message refers to yet
    table.integer('handed').notNullable().defaultTo(0); // how often it was taken in hand since it was last settled
  });
  // a retry used to be a second row until the first was forgotten
  await tx('outbox').whereNotIn('id', tx('outbox').max('id').groupBy('queue', 'message_id')).delete();
  for (const { id, message } of await tx('outbox').select('id', 'message')) {
    await tx('outbox')
      .where({ id })
      .update(await originOf(tx, message));
  }
  await tx.schema.alterTable('outbox', (table) => {
    table.unique(['queue', 'message_id']);
    table.index(['queue', 'sender', 'due_at', 'id']);
  });
  await tx.raw('create index outbox_in_hand on outbox (queue, sender) where leased_until is not null');
}

async function growDeadLetters(tx: Knex): Promise<void> {
  await tx.schema.alterTable('dead_letters', (table) => {
    table.string('sender', 6).notNullable().defaultTo('');
    table.string('sha256', 64);
    table.string('code', 40); // of the error, in the catalogue; null: an unknown one
    table.text('answer_by'); // its submission is refused then unless somebody decides before; null: nothing to answer
    table.index(['answer_by']);
  });
  for (const { id, message } of await tx('dead_letters').select('id', 'message')) {
    await tx('dead_letters')
      .where({ id })
      .update(await originOf(tx, message));
  }
}

/** Whose message it is, and the content it refers to; an unreadable one is nobody's. */
async function originOf(tx: Knex, text: string): Promise<{ sender: string; sha256: string | null }> {
  const { ticket = '', sha256 = null } = fieldsOf(text);
  const submission = await tx('submissions').select('sender').where({ ticket }).first();
  return { sender: submission?.sender ?? '', sha256 };
}

function fieldsOf(text: string): { ticket?: string; sha256?: string } {
  try {
    const { ticket, sha256 } = JSON.parse(text);
    return { ...(typeof ticket === 'string' && { ticket }), ...(typeof sha256 === 'string' && { sha256 }) };
  } catch {
    return {};
  }
}
