import type { Db } from '../database.ts';
import type { Migration } from '../migration.ts';
import { insertRows, type Values } from '../sql.ts';

/** The mandates of organisations in a register of their own; until when a certificate is a sender's; what must be told of its end. */
export const mandates: Migration = {
  number: 8,
  name: 'mandates, certificates',
  async apply(tx) {
    await tx.schema.createTable('mandates', (table) => {
      table.bigIncrements('id');
      table.string('organisation', 10).notNullable().references('organisations.enterprise_number');
      table.string('quality', 40).notNullable();
      table.string('sender', 6).notNullable(); // the only one that has it; empty: every sender of the organisation in this quality
      table.string('employer_kind', 10).notNullable(); // enterprise | employer (NSSO or local authority)
      table.string('employer', 10).notNullable(); // without leading zeros, but for enterprise numbers
      table.string('begins', 10).notNullable(); // YYYY-MM-DD, included; 0000-01-01: always
      table.string('ends', 10).notNullable(); // YYYY-MM-DD, included; 9999-12-31: for ever
      table.text('goals'); // JSON list; null: every goal of the sender
      table.unique(['organisation', 'quality', 'employer', 'employer_kind', 'begins', 'sender']);
      table.index(['sender']);
    });
    await tx.schema.alterTable('senders', (table) => {
      table.boolean('mandated'); // may only declare with a mandate; null: as its quality says
    });
    await moveMandates(tx);
    // not the query builder's way, which copies the table in SQLite
    await tx.raw('alter table senders drop column mandates');
    await tx.schema.alterTable('sender_certificates', (table) => {
      table.string('since', 24); // it is the sender's from then on; null: always
      table.string('until', 24); // up to then; null: as long as it is valid itself
      table.index(['fingerprint']);
    });
    await tx.schema.createTable('certificate_warnings', (table) => {
      table.string('sender', 6).notNullable();
      table.string('fingerprint', 64).notNullable();
      table.integer('days').notNullable(); // before the end that were warned of: 60, 30, 7
      table.text('warned_at').notNullable();
      table.primary(['sender', 'fingerprint', 'days']);
    });
    await tx.schema.createTable('notices', (table) => {
      table.bigIncrements('id');
      table.text('at').notNullable();
      table.string('kind', 40).notNullable();
      table.string('organisation', 10).notNullable();
      table.text('address'); // of whoever manages the organisation; null: it has none
      table.text('subject').notNullable();
      table.text('facts').notNullable(); // JSON
      table.text('told_at'); // null: not yet
      table.integer('refused').notNullable();
      table.index(['told_at', 'id']);
    });
  },
};

interface SenderRow {
  readonly number: string;
  readonly enterprise_number: string;
  readonly quality: string;
  readonly mandates: string;
}

const BATCH = 100; // rows a statement: PostgreSQL and SQLite both bind that many values

async function moveMandates(tx: Db): Promise<void> {
  const senders: { readonly number: string }[] = await tx('senders').select('number').whereNotNull('mandates');
  for (const { number } of senders) {
    const row: SenderRow = await tx('senders').where({ number }).first();
    const rows = rowsOf(row);
    for (let at = 0; at < rows.length; at += BATCH) await insertRows(tx, 'mandates', rows.slice(at, at + BATCH));
    await tx('senders').where({ number }).update({ mandated: true });
  }
}

interface StoredMandate {
  readonly employer: string;
  readonly from?: string;
  readonly until?: string;
}

/** Of mandates for one employer from one day on the longest stays. */
function rowsOf({ number, enterprise_number: organisation, quality, mandates: json }: SenderRow): Values[] {
  const rows = new Map<string, Values & { readonly ends: string }>();
  for (const { employer, from: begins = '0000-01-01', until: ends = '9999-12-31' } of JSON.parse(
    json,
  ) as StoredMandate[]) {
    const isEnterprise = /^[01]\d{9}$/.test(employer);
    const plain = isEnterprise ? employer : employer.replace(/^0+/, '');
    const kind = isEnterprise ? 'enterprise' : 'employer';
    const key = `${kind} ${plain} ${begins}`;
    if ((rows.get(key)?.ends ?? '') >= ends) continue;
    rows.set(key, {
      organisation,
      quality,
      sender: number,
      employer_kind: kind,
      employer: plain,
      begins,
      ends,
      goals: null,
    });
  }
  return [...rows.values()];
}
