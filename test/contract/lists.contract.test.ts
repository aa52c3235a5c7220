import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createListDelivery } from '../../app/deliveries.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { noTelemetry } from '../../engine/core/telemetry.ts';
import { compareRun, replaceRun } from '../../engine/lists/compare.ts';
import { type CompileDeps, compileList } from '../../engine/lists/compile.ts';
import { type ListDefinition, ruleOf } from '../../engine/lists/definition.ts';
import { documentsOf, filesOfDocument, sumOf } from '../../engine/lists/documents.ts';
import { parsePeriod } from '../../engine/lists/period.ts';
import { lastReconciliations, reconcileLists } from '../../engine/lists/reconcile.ts';
import { findListRun, type ListRun, selectionOf } from '../../engine/lists/runs.ts';
import { listMessages } from '../../engine/mailboxes/list.ts';
import { addRecords } from '../../engine/records/records.ts';
import { sharesOf } from '../../engine/records/selection.ts';
import { type Db, openStore } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { previewList } from '../../scripts/commands/lists-preview.ts';
import { STORES, type StoreKind } from '../support/database.ts';
import { aPayment, shippedList } from '../support/lists.ts';
import { aMessageType, INSTITUTION, typesOf } from '../support/mailboxes.ts';
import { openTestContent, type TestContent } from '../support/test-content.ts';

const AUTHORITIES = ['0206731645', '0403019261', '0428759497'];
const SLOTS: Readonly<Record<string, string>> = {
  '2026-01': '2026-02-01T05:00:00Z',
  '2026-02': '2026-03-01T05:00:00Z',
  '2026-03': '2026-04-05T04:00:00Z',
};

const RULES = {
  ...{ provider: 'test', organisation: INSTITUTION },
  types: typesOf(aMessageType({ id: 'list-statement' })),
};

const IMPATIENT_MS = 1_600; // a statement may take three quarters of it
const COUNTED = 'group by authority';

/** Lets each part of whatever counts records by authority take 0.9 s. */
async function countSlowly(db: Db): Promise<void> {
  await db.raw('alter table records rename to kept_records');
  await db.raw(`create function slowly() returns boolean language plpgsql stable as $$ begin
    if current_query() like '%${COUNTED}%' then perform pg_sleep(0.9); end if; return true; end $$`);
  await db.raw('create view records as select * from kept_records where slowly()');
}

for (const kind of STORES) contract(kind);

/** Making, replacing and reconciling lists, on both stores. */
function contract(store: StoreKind): void {
  describe(`lists contract: ${store}`, function () {
    this.timeout(30_000);
    let content: TestContent;
    let list: ListDefinition;
    let line: number;
    let now: Date;

    beforeEach(async () => {
      content = await openTestContent(store);
      list = await shippedList('statement-leefloon');
      line = 0;
      now = new Date('2026-04-06T00:00:00Z');
    });
    afterEach(() => content.close());

    const deps = (with_: Partial<CompileDeps> = {}): CompileDeps => ({
      ...{ db: content.db, blobs: content.blobs, clock: () => now, log: silentLogger(), telemetry: noTelemetry },
      ...{ delivery: createListDelivery(RULES), wake: () => undefined },
      ...with_,
    });
    const make = (name: string, with_: Partial<CompileDeps> = {}, definition = list, proceed = () => undefined) => {
      const period = parsePeriod(ruleOf(definition), name);
      if (!period) throw new Error(`no period ${name}`);
      const slot = new Date(SLOTS[name] ?? now);
      return compileList(deps(with_), { definition, period, slot, signal: new AbortController().signal, proceed });
    };
    /** Adds a payment of a month for each authority, received on a day. */
    async function pay(
      month: string,
      received: string,
      with_: Readonly<Record<string, string>> = {},
      authorities = AUTHORITIES,
    ) {
      const records = authorities.map((authority) => {
        line += 1;
        const fields = aPayment({ YearMonth: month.replace('-', ''), DossierNumber: String(line), ...with_ });
        const place = { ticket: 'TICKET0000001', formIndex: 1, line };
        return {
          source: 'payments',
          authority,
          kind: '1',
          day: `${month}-01`,
          position: String(line),
          fields,
          ...place,
        };
      });
      await inTransaction(content.db, (tx) => addRecords(tx, records, new Date(`${received}T10:00:00Z`)));
    }
    const documents = (period: string) => documentsOf(content.db, list.name, period);
    const sums = async (period: string) => {
      const { documents: count, lines, corrections, sums: totals } = sumOf(await documents(period));
      return [count, lines, corrections, totals['Amount']];
    };
    const reconciled = async () => {
      const [found] = await reconcileLists({ db: content.db, clock: () => now, log: silentLogger() }, { list });
      return found;
    };

    const { signal } = new AbortController();
    async function runOf(period: string): Promise<ListRun> {
      const run = await findListRun(content.db, list.name, period);
      if (!run) throw new Error('no run');
      return run;
    }
    it('makes a document for each authority and puts it in its mailbox, once', async () => {
      await pay('2026-03', '2026-03-20');
      await pay('2026-03', '2026-04-02', { Sign: '-', Amount: '00000460' }, AUTHORITIES.slice(0, 1));
      expect(await make('2026-03')).to.have.property('kind', 'made');
      expect(await make('2026-03')).to.have.property('kind', 'made before');
      expect((await documents('2026-03')).map(({ totals }) => totals.sums['Amount'])).to.deep.equal([1000, 1460, 1460]);
      const messages = await listMessages(content.db, AUTHORITIES[0] ?? '', { limit: 10 });
      expect(messages.map(({ message }) => [message.subject.nl, message.messageType])).to.deep.equal([
        ['Maandstaat leefloon 2026-03', 'list-statement'],
      ]);
      const files = messages[0]?.message.attachments.map(({ fileName, main }) => `${fileName}${main ? ' main' : ''}`);
      const name = `statement-leefloon.2026-03.${AUTHORITIES[0]}`;
      const others = ['csv', 'txt', 'xml', 'zip'].map((extension) => `${name}.${extension}`);
      expect(files).to.deep.equal([`${name}.pdf main`, ...others]);
    });

    it('lists what came late as a correction of its period in the next list, and loses and doubles nothing', async () => {
      await pay('2026-01', '2026-01-20');
      await make('2026-01');
      await pay('2026-01', '2026-02-10');
      await pay('2026-02', '2026-02-11');
      await make('2026-02');
      await pay('2026-01', '2026-03-10', { Sign: '-' }, AUTHORITIES.slice(1)); // a correction of the correction
      await make('2026-03');
      expect([await sums('2026-01'), await sums('2026-02'), await sums('2026-03')]).to.deep.equal([
        [3, 3, 0, 4380],
        [3, 6, 3, 8760],
        [2, 2, 2, -2920],
      ]);
      const found = await reconciled();
      expect(found).to.include({ balanced: true, records: 11, listed: 11 });
      expect((await lastReconciliations(content.db)).map(({ balanced }) => balanced)).to.deep.equal([true]);
    });

    it('says where records and lines do not agree', async () => {
      await pay('2026-03', '2026-03-20');
      await make('2026-03');
      await content.db('list_documents').where({ authority: AUTHORITIES[1] }).update({ records: 5 });
      const found = await reconciled();
      expect(found?.balanced).to.equal(false);
      const difference = { period: '2026-03', authority: AUTHORITIES[1], records: 1, lines: 5 };
      expect(found?.differences).to.deep.equal([difference]);
    });

    it('makes what is missing after it was stopped in the middle, and the same as undisturbed', async () => {
      await pay('2026-03', '2026-03-20');
      let steps = 0;
      const stopAtSecond = () => {
        steps += 1;
        if (steps === 2) throw new Error('stopped');
        return undefined;
      };
      const stopped = await make('2026-03', { atATime: 1 }, list, stopAtSecond).catch(({ message }: Error) => message);
      expect(stopped).to.equal('stopped');
      expect((await documents('2026-03')).length).to.equal(1);
      await pay('2026-03', '2026-04-05'); // after the run has drawn its line
      expect(await make('2026-03')).to.have.property('kind', 'made');
      expect(await sums('2026-03')).to.deep.equal([3, 3, 0, 4380]);
    });

    it('is made once by two processes at the same time', async () => {
      await pay('2026-03', '2026-03-20');
      await Promise.all([make('2026-03'), make('2026-03'), make('2026-03')]);
      expect(await sums('2026-03')).to.deep.equal([3, 3, 0, 4380]);
      for (const authority of AUTHORITIES) {
        expect((await listMessages(content.db, authority, { limit: 10 })).length).to.equal(1);
      }
    });

    it('passes a period by when a later one was made, and corrects it there', async () => {
      await pay('2026-02', '2026-02-20');
      await make('2026-03');
      expect(await make('2026-02')).to.deep.equal({ kind: 'passed', by: '2026-03' });
      expect(await sums('2026-03')).to.deep.equal([3, 3, 3, 4380]);
      expect(await reconciled()).to.include({ balanced: true });
    });

    it('lists what an earlier run saw as days to come and no run was made for', async () => {
      await pay('2026-01', '2026-01-20');
      await pay('2026-02', '2026-01-20');
      await make('2026-01');
      await pay('2026-02', '2026-02-20', {}, AUTHORITIES.slice(0, 1));
      await make('2026-03');
      expect([await sums('2026-01'), await sums('2026-03')]).to.deep.equal([
        [3, 3, 0, 4380],
        [3, 4, 4, 5840],
      ]);
      expect(await reconciled()).to.include({ balanced: true, records: 7, listed: 7 });
    });

    it('tells what would differ and replaces only that, keeping what was published', async () => {
      await pay('2026-03', '2026-03-20');
      await make('2026-03');
      await pay('2026-03', '2026-04-06');
      const run = await runOf('2026-03');
      const changes = async (definition: ListDefinition) => {
        const found = [];
        for await (const { authority, formats, gone, come } of compareRun(deps(), definition, run, signal)) {
          found.push({ authority, formats, gone: gone.length, come: come.length });
        }
        return found;
      };
      expect(await changes(list), 'the same records give the same bytes').to.deep.equal([]);
      const narrower = {
        ...list,
        columns: list.columns.map((one) => (one.field === 'Name' ? { ...one, notIn: ['csv' as const] } : one)),
      };
      expect((await changes(narrower))[0]).to.deep.equal({
        authority: AUTHORITIES[0],
        formats: ['csv', 'zip'],
        gone: 2,
        come: 2,
      });
      expect(await replaceRun(deps(), narrower, run, signal)).to.deep.equal(AUTHORITIES);
      const [first] = await documents('2026-03');
      expect(first?.version).to.equal(2);
      const kept = first && (await filesOfDocument(content.db, { ...first, version: 1 }));
      expect(kept?.map(({ format }) => format)).to.deep.equal(['csv', 'fixed', 'pdf', 'xml', 'zip']);
      const titles = (await listMessages(content.db, AUTHORITIES[0] ?? '', { limit: 10 })).map(
        ({ message }) => message.subject.en,
      );
      expect(titles).to.have.members([
        'Monthly statement of the living wage 2026-03',
        'Monthly statement of the living wage 2026-03 (replaces the earlier one)',
      ]);
    });

    if (store === 'postgres') {
      it('counts its records for longer than a statement otherwise may take, wherever it is asked for', async () => {
        await pay('2026-03', '2026-03-20');
        await countSlowly(content.db);
        const db = openStore({ url: content.url, poolSize: 4, answerWithinMs: IMPATIENT_MS });
        expect(await make('2026-03', { db })).to.have.property('kind', 'made');
        const run = await runOf('2026-03');
        const hurried = await sharesOf(db, selectionOf(list, run)).catch(({ code }) => code);
        expect(hurried, 'what is not given its time').to.equal('57014');
        const differences = [];
        for await (const change of compareRun(deps({ db }), list, run, signal)) differences.push(change);
        const out = await mkdtemp(join(tmpdir(), 'preview-'));
        const previewed = await previewList(deps({ db }), { definition: list, period: run.period, signal, out });
        await rm(out, { recursive: true });
        await db.destroy();
        expect([await sums('2026-03'), differences, previewed.length]).to.deep.equal([[3, 3, 0, 4380], [], 5]);
      });
    }

    it('asks for a signed trio for each active sender of the authority that it is for', async () => {
      const enterprise_number = AUTHORITIES[0] ?? '';
      const texts = { names: '{"fr":"CPAS"}', language: 'fr', mailbox_type: 'institution' };
      await content.db('organisations').insert({ enterprise_number, ...texts });
      for (const code of ['ocmw', 'employer']) await content.db('qualities').insert({ enterprise_number, code });
      const lists = { channels: '[]', goals: '[]', networks: '[]', quality: 'ocmw', enterprise_number };
      await content.db('senders').insert({ number: '123456', login: 'a', state: 'active', ...lists });
      await content.db('senders').insert({ number: '123457', login: 'b', state: 'suspended', ...lists });
      const employer = { number: '123458', login: 'c', state: 'active', ...lists, quality: 'employer' };
      await content.db('senders').insert(employer);
      await pay('2026-03', '2026-03-20');
      await make('2026-03');
      const waiting = await content.db('outbox').select('queue', 'sender', 'message');
      expect(waiting.map(({ queue, sender }) => [queue, sender])).to.deep.equal([['documents', '123456']]);
      expect(JSON.parse(waiting[0].message)).to.include({ kind: 'document.ready', goal: 'MSTA', environment: 'R' });
      await pay('2026-02', '2026-02-20');
      const out = { goal: 'MSTA', format: 'fixed' as const };
      await make('2026-04', {}, { ...list, out });
      const senders = await content.db('outbox').orderBy('sender').pluck('sender');
      expect(senders, 'all of them where no quality is named').to.deep.equal(['123456', '123456', '123458']);
    });
  });
}
