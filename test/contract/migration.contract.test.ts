import { expect } from 'chai';
import { totalsOf } from '../../engine/mailboxes/counts.ts';
import { listMessages } from '../../engine/mailboxes/list.ts';
import { findMailbox, openMailbox } from '../../engine/mailboxes/mailboxes.ts';
import { addMessage } from '../../engine/mailboxes/messages.ts';
import { placeMessage } from '../../engine/mailboxes/placed.ts';
import { findRegistered } from '../../engine/mailboxes/registered-mail.ts';
import { addRecords } from '../../engine/records/records.ts';
import { type Db, openStore } from '../../engine/store/database.ts';
import { MIGRATIONS, migrate } from '../../engine/store/migrate.ts';
import { initial } from '../../engine/store/migrations/001-initial.ts';
import { whoseRegisteredMail } from '../../engine/store/migrations/018-whose-registered-mail.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { createTestDatabase, STORES, type StoreKind } from '../support/database.ts';
import { aMessage, ENTERPRISE } from '../support/mailboxes.ts';

const AT = '2026-11-20T10:00:00.000Z';
const TICKET = 'AAAAAAAAAAAA1';
const NOTI = 'a'.repeat(64);

for (const kind of STORES) contract(kind);

/** What both stores must do alike with a database that the first release filled. */
function contract(kind: StoreKind): void {
  describe(`migration contract: ${kind}`, () => {
    let db: Db;
    let url: string;
    let close: () => Promise<void>;

    beforeEach(async () => {
      const database = await createTestDatabase(kind);
      ({ url } = database);
      db = openStore({ url, poolSize: 2 });
      await firstRelease(db);
      close = async () => {
        await db.destroy();
        await database.remove();
      };
    });
    afterEach(() => close());

    it('keeps the newest of several rows of one message, and tells whose it is and what it refers to', async () => {
      const answer = JSON.stringify({ kind: 'answer.ready', id: 'NOTI:1', ticket: TICKET, sha256: NOTI });
      await db('outbox').insert([
        outboxRow('answers', 'NOTI:1', answer, 1),
        outboxRow('answers', 'NOTI:1', answer, 2),
        outboxRow(
          'submissions',
          TICKET,
          JSON.stringify({ kind: 'submission.received', id: TICKET, ticket: TICKET }),
          1,
        ),
        outboxRow('forms', 'odd', 'not JSON', 1),
      ]);
      await migrate(db);
      const columns = ['queue', 'message_id', 'attempt', 'sender', 'sha256', 'handed'];
      const rows = await db('outbox').select(columns).orderBy('id');
      expect(rows.map((row) => columns.map((column) => row[column]))).to.deep.equal([
        ['answers', 'NOTI:1', 2, '123456', NOTI, 0],
        ['submissions', TICKET, 1, '123456', null, 0],
        ['forms', 'odd', 1, '', null, 0],
      ]);
    });

    it('keeps dead letters, and tells whose they are and what they refer to', async () => {
      const answer = JSON.stringify({ kind: 'answer.ready', id: 'NOTI:1', ticket: TICKET, sha256: NOTI });
      const foreign = JSON.stringify({ kind: 'submission.received', id: 'x', ticket: 'ZZZZZZZZZZZZ9' });
      for (const [queue, id, message] of [
        ['answers', 'NOTI:1', answer],
        ['submissions', 'x', foreign],
      ]) {
        await db('dead_letters').insert({ queue, message_id: id, message, attempt: 8, reason: 'no', buried_at: AT });
      }
      await migrate(db);
      const rows = await db('dead_letters').select('message_id', 'sender', 'sha256', 'answer_by').orderBy('id');
      expect(rows).to.deep.equal([
        { message_id: 'NOTI:1', sender: '123456', sha256: NOTI, answer_by: null },
        { message_id: 'x', sender: '', sha256: null, answer_by: null },
      ]);
    });

    it('keeps submissions, and names the declaration that came in a ZIP', async () => {
      const [zip, xml, plain] = ['1', '2', '3'].map((digit) => digit.repeat(64));
      const file = { ticket: TICKET, role: 'FI', size: 1 };
      await db('submission_files').insert([
        { ...file, name: 'FI.1', part: 1, sha256: zip },
        { ...file, name: 'FI.2', part: 2, sha256: plain },
        { ...file, name: 'FS.1', part: 1, role: 'FS', sha256: '4'.repeat(64) },
      ]);
      const form = { ticket: TICKET, outcome: 'accepted', anomalies: '[]' };
      await db('forms').insert([
        { ...form, form_index: 1, part: 1, facts: JSON.stringify({ contentSha256: xml }) },
        { ...form, form_index: 2, part: 1, facts: JSON.stringify({ contentSha256: xml }) },
        { ...form, form_index: 3, part: 2, facts: JSON.stringify({ contentSha256: plain }) },
      ]);
      await migrate(db);
      const files = await db('submission_files').select('name', 'content_sha256').orderBy('name');
      expect(files).to.deep.equal([
        { name: 'FI.1', content_sha256: xml },
        { name: 'FI.2', content_sha256: null },
        { name: 'FS.1', content_sha256: null },
      ]);
      expect(await db('submissions').select('ticket', 'state')).to.deep.equal([{ ticket: TICKET, state: 'handled' }]);
    });

    it('keeps mandates: each sender has those that it had, whoever had a list may go by it only', async () => {
      await organisation(db);
      const listed = [
        { employer: '0403019261', from: '2026-01-01', until: '2026-06-30' },
        { employer: '0403019261', from: '2026-01-01' },
        { employer: '212345609' },
      ];
      await db('senders').insert([
        senderRow('000001', JSON.stringify(listed)),
        senderRow('000002', '[]'),
        senderRow('000003', null),
      ]);
      await migrate(db);
      const senders = await db('senders').select('number', 'mandated').orderBy('number');
      expect(senders.map(({ mandated }) => (mandated === null ? null : Boolean(mandated)))).to.deep.equal([
        true,
        true,
        null,
      ]);
      const rows = await db('mandates').orderBy('id');
      const common = { organisation: '0206731645', quality: 'employer', sender: '000001', goals: null };
      expect(rows.map(({ id: _, ...row }) => row)).to.deep.equal([
        { ...common, employer_kind: 'enterprise', employer: '0403019261', begins: '2026-01-01', ends: '9999-12-31' },
        { ...common, employer_kind: 'employer', employer: '212345609', begins: '0000-01-01', ends: '9999-12-31' },
      ]);
    });

    it('keeps mailboxes and what lies in them, unread, in the order of arrival', async () => {
      const box = { type: 'enterprise', created_at: AT };
      await db('mailboxes').insert([
        { ...box, ebox_id: '0206731645' },
        { ...box, ebox_id: '0884303369', type: 'institution' },
      ]);
      const message = {
        ebox_id: '0206731645',
        message_type: 'declaration-copy',
        subject: '{"nl":"X"}',
        ticket: TICKET,
      };
      await db('messages').insert([
        { ...message, id: 'late', received_at: '2026-11-20T11:00:00.000Z' },
        { ...message, id: 'early', received_at: AT },
      ]);
      const file = { file_name: 'a.xml', media_type: 'application/xml', main: true, sha256: NOTI, size: 7 };
      await db('attachments').insert({ ...file, message_id: 'late', number: 1 });
      await migrate(db);
      const [newest, oldest] = await listMessages(db, '0206731645', { limit: 10 });
      expect(newest?.message).to.deep.include({ id: 'late', ticket: TICKET, subject: { nl: 'X' } });
      expect(newest?.message.attachments).to.have.length(1);
      expect(oldest?.placed).to.deep.include({ messageId: 'early', position: 1, visible: true, receivedAt: AT });
      const mailbox = await findMailbox(db, { kind: 'enterprise', eboxId: '0206731645' });
      expect(await totalsOf(db, mailbox?.id ?? 0, { read: false })).to.deep.equal({ messages: 2, bytes: 7 });
      expect(await findMailbox(db, { kind: 'institution', eboxId: '0884303369' })).to.not.equal(undefined);
    });

    it('tells of registered mail whose it is, where its message still exists', async () => {
      await migrate(db);
      const added = ['publisher', 'message_type', 'partition'];
      await db.schema.alterTable('registered_mail', (table) => table.dropColumns(...added));
      const mailbox = await inTransaction(db, (tx) => openMailbox(tx, ENTERPRISE, new Date(AT)));
      const message = aMessage({ id: 'there', publisher: '123456' });
      const place = { mailbox: mailbox.id, partition: 'WAGES', expiresAt: new Date(AT), search: '' };
      await inTransaction(db, async (tx) => {
        await addMessage(tx, message);
        await placeMessage(tx, message, place, new Date(AT));
      });
      const proof = { dispatched_at: AT, proof_sha256: NOTI, proof_signature_sha256: NOTI };
      for (const message_id of ['there', 'gone'])
        await db('registered_mail').insert({ message_id, mailbox: mailbox.id, ...proof });
      await inTransaction(db, (tx) => whoseRegisteredMail.apply(tx));
      const there = await findRegistered(db, mailbox.id, 'there');
      expect(there).to.include({ publisher: '123456', messageType: 'attest', partition: 'WAGES' });
      const gone = await findRegistered(db, mailbox.id, 'gone');
      expect(gone).to.include({ messageType: '', partition: '' }).and.not.to.have.property('publisher');
    });

    it('keeps records, each of which stays what it was when it comes again', async () => {
      await bringTo(db, 15);
      const row = {
        ...{ source: 'signals', authority: '0206731645', kind: '', day: '2026-03-14', position: '', fields: '{}' },
        ...{ arrived_at: AT, ticket: TICKET, form_index: 1, reference: null, alone: 0 },
      };
      await db('records').insert([
        { ...row, line: 1, reference: 'S1', alone: 1 },
        { ...row, line: 2 },
      ]);
      const before = await db('records').orderBy('id');
      await migrate(db);
      expect(await db('records').orderBy('id')).to.deep.equal(before);
      const again = { authority: row.authority, kind: '', day: row.day, position: '', fields: {}, formIndex: 1 };
      const added = await inTransaction(db, (tx) =>
        addRecords(
          tx,
          ['signals', 'events'].map((source) => ({ ...again, source, ticket: TICKET, line: 1 })),
          new Date(AT),
        ),
      );
      expect(added.map(({ source }) => source)).to.deep.equal(['events']);
    });

    it('keeps who gets signals electronically, and knows when that began', async () => {
      await bringTo(db, 16);
      const row = { source: 'signals', authority: '0206731645' };
      await db('electronic_authorities').insert([
        { ...row, from_day: '2026-03-01', until_day: '2026-09-01' },
        { ...row, from_day: '2026-10-01', until_day: null },
      ]);
      await migrate(db);
      expect(await db('electronic_authorities').orderBy('from_day')).to.deep.equal([
        { ...row, from_day: '2026-03-01', until_day: '2026-09-01', from_at: '2026-02-28T23:00:00.000Z' },
        { ...row, from_day: '2026-10-01', until_day: null, from_at: '2026-09-30T22:00:00.000Z' },
      ]);
    });

    it('is done once, however many starters come at the same time, and changes nothing after', async () => {
      const starters = Array.from({ length: 4 }, () => openStore({ url, poolSize: 2 }));
      await Promise.all(starters.map(migrate));
      expect(await versions(db)).to.deep.equal(MIGRATIONS.map(({ number }) => number));
      await Promise.all(starters.map((starter) => starter.destroy()));
    });

    it('leaves a database that it cannot bring up to date as it was', async () => {
      await db.schema.createTable('audit', (table) => table.text('mine')); // in the way of the second migration
      const error = await migrate(db).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(Error);
      expect(await versions(db)).to.deep.equal([1]);
      expect(await db.schema.hasTable('leases')).to.equal(false);
      expect(await db.schema.hasColumn('outbox', 'sender')).to.equal(false);
    });

    it('refuses a database of a newer release, and leaves it as it is', async () => {
      await db('schema_versions').insert({ number: 3, name: 'later', applied_at: AT });
      await db('schema_versions').insert({ number: 999, name: 'much later', applied_at: AT });
      const error = await migrate(db).catch((thrown: unknown) => thrown);
      expect(error).to.include({ code: 'store_newer' });
      expect(await db.schema.hasTable('leases')).to.equal(false);
    });
  });
}

/** Brings a database of the first release up to a later one. */
async function bringTo(db: Db, newest: number): Promise<void> {
  await inTransaction(db, async (tx) => {
    for (const { number, name, apply } of MIGRATIONS.filter((one) => one.number > 1 && one.number <= newest)) {
      await apply(tx);
      await tx('schema_versions').insert({ number, name, applied_at: AT });
    }
  });
}

/** A database as the first release left it, with a submission of sender 123456. */
async function firstRelease(db: Db): Promise<void> {
  await inTransaction(db, async (tx) => {
    await tx.schema.createTable('schema_versions', (table) => {
      table.integer('number').primary();
      table.text('name').notNullable();
      table.text('applied_at').notNullable();
    });
    await initial.apply(tx);
    await tx('schema_versions').insert({ number: 1, name: 'initial', applied_at: AT });
  });
  await db('submissions').insert({
    ...{ ticket: TICKET, sender: '123456', stem: 'DMFA.123456.20261120.00001.R', content_hash: 'c', goal: 'DMFA' },
    ...{ environment: 'R', channel: 'sftp', state: 'handled', errors: '[]', received_at: AT },
  });
}

const outboxRow = (queue: string, id: string, message: string, attempt: number) => ({
  ...{ queue, message_id: id, message, attempt, due_at: AT, leased_until: null },
});

async function organisation(db: Db): Promise<void> {
  const row = {
    enterprise_number: '0206731645',
    names: '{"nl":"Voorbeeld"}',
    language: 'nl',
    mailbox_type: 'enterprise',
  };
  await db('organisations').insert(row);
  await db('qualities').insert({ enterprise_number: '0206731645', code: 'employer' });
}

const senderRow = (number: string, mandates: string | null) => ({
  ...{ number, login: `login-${number}`, enterprise_number: '0206731645', quality: 'employer', state: 'active' },
  ...{ channels: '[]', goals: '[]', networks: '[]', mandates },
});

const versions = async (db: Db) =>
  (await db('schema_versions').select('number').orderBy('number')).map(({ number }) => number);
