import { mkdtemp, readdir, rm } from 'node:fs/promises';
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
    /** Begins the list of March, which stops when one document is made. */
    async function makeOneAndStop(): Promise<void> {
      let steps = 0;
      const stopAtSecond = () => {
        steps += 1;
        if (steps === 2) throw new Error('stopped');
        return undefined;
      };
      const stopped = await make('2026-03', { atATime: 1 }, list, stopAtSecond).catch(({ message }: Error) => message);
      expect(stopped).to.equal('stopped');
    }
    /** Adds a payment of a month for each authority, received on a day. */
    async function pay(
      month: string,
      received: string,
      with_: Readonly<Record<string, string>> = {},
      authorities = AUTHORITIES,
      kind = '1',
    ) {
      const records = authorities.map((authority) => {
        line += 1;
        const fields = aPayment({ YearMonth: month.replace('-', ''), DossierNumber: String(line), ...with_ });
        const place = { ticket: 'TICKET0000001', formIndex: 1, line };
        return {
          source: 'payments',
          authority,
          kind,
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
    const reconciled = async (definition = list) => {
      const [found] = await reconcileLists(
        { db: content.db, clock: () => now, log: silentLogger() },
        { list: definition },
      );
      return found;
    };
    const { signal } = new AbortController();
    async function runOf(period: string): Promise<ListRun> {
      const run = await findListRun(content.db, list.name, period);
      if (!run) throw new Error('no run');
      return run;
    }
    /** What would differ if a list were made again, as it is configured now. */
    async function changes(period: string, definition = list) {
      const found = [];
      for await (const { composed: _, ...change } of compareRun(deps(), definition, await runOf(period), signal)) {
        found.push({ ...change, gone: change.gone.length, come: change.come.length });
      }
      return found;
    }
    const replace = async (period: string, definition: ListDefinition) =>
      replaceRun(deps(), definition, await runOf(period), signal);
    const payOtherKind = (month: string, received: string, authorities = AUTHORITIES) =>
      pay(month, received, {}, authorities, '2');

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
      await makeOneAndStop();
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
      expect(await changes('2026-03'), 'the same records give the same bytes').to.deep.equal([]);
      const narrower = {
        ...list,
        columns: list.columns.map((one) => (one.field === 'Name' ? { ...one, notIn: ['csv' as const] } : one)),
      };
      expect((await changes('2026-03', narrower))[0]).to.deep.equal({
        ...{ authority: AUTHORITIES[0], version: 1, formats: ['csv', 'zip'], lines: { published: 1, again: 1 } },
        ...{ gone: 2, come: 2 },
      });
      expect(await replace('2026-03', narrower)).to.deep.equal(AUTHORITIES);
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

    it('shows the document of an authority that would get none now, and replaces it by one without lines', async () => {
      await pay('2026-03', '2026-03-20');
      await make('2026-03');
      const [first = '', ...others] = AUTHORITIES;
      const without = { ...list, without: [first] };
      expect(await changes('2026-03', without)).to.deep.equal([
        {
          ...{ authority: first, version: 1, formats: ['pdf', 'csv', 'fixed', 'xml', 'zip'].sort() },
          ...{ lines: { published: 1, again: 0 }, gone: 1, come: 0 },
        },
      ]);
      expect(await replace('2026-03', without)).to.deep.equal([first]);
      const [empty] = await documents('2026-03');
      expect(empty).to.deep.include({ version: 2, totals: { lines: 0, corrections: 0, sums: { Amount: 0 } } });
      const files = empty ? await filesOfDocument(content.db, empty) : [];
      expect(files.find(({ format }) => format === 'fixed')?.size).to.equal(0);
      expect(
        (await listMessages(content.db, first, { limit: 10 })).map(({ message }) => message.subject.en),
      ).to.include('Monthly statement of the living wage 2026-03 (replaces the earlier one)');
      expect(await changes('2026-03', without), 'once').to.deep.equal([]);
      expect(await reconciled(without)).to.include({ balanced: true, records: others.length, listed: others.length });
      expect(await replace('2026-03', list), 'and back').to.deep.equal([first]);
      expect((await documents('2026-03'))[0]).to.deep.include({ version: 3 });
      expect(await reconciled()).to.include({ balanced: true, records: 3, listed: 3 });
    });

    it('ends a run by what it was begun with, whatever is configured since', async () => {
      await pay('2026-03', '2026-03-20');
      await payOtherKind('2026-03', '2026-03-21');
      await makeOneAndStop();
      const [, second = ''] = AUTHORITIES;
      await make('2026-03', {}, { ...list, kinds: ['1', '2'], without: [second] });
      expect(await sums('2026-03')).to.deep.equal([3, 3, 0, 4380]);
    });

    it('judges each run by what it chose by, and loses and doubles nothing of what it chose', async () => {
      const [first = '', second = ''] = AUTHORITIES;
      const widened = { ...list, kinds: ['1', '2'], without: [second] };
      await pay('2026-01', '2026-01-20');
      await payOtherKind('2026-01', '2026-01-21'); // belongs to a run that did not choose it
      await payOtherKind('2026-02', '2026-01-22', [first]); // and this to one that did, of days to come
      await make('2026-01');
      await payOtherKind('2026-01', '2026-02-10', [first]); // late, for a run that did
      await pay('2026-02', '2026-02-11');
      await make('2026-02', {}, widened);
      await pay('2026-02', '2026-03-10', {}, [second]);
      await payOtherKind('2026-03', '2026-03-11');
      const narrowed = { ...list, kinds: ['2'] };
      await make('2026-03', {}, narrowed);
      expect([await sums('2026-01'), await sums('2026-02'), await sums('2026-03')]).to.deep.equal([
        [3, 3, 0, 4380],
        [2, 4, 1, 5840],
        [3, 3, 0, 4380],
      ]);
      for (const definition of [list, widened, narrowed]) {
        expect(await reconciled(definition)).to.deep.include({
          balanced: true,
          records: 10,
          listed: 10,
          differences: [],
        });
      }
      await content.db('list_runs').where({ period: '2026-02' }).update({ chosen_by: null });
      expect(await reconciled(widened), 'of before it was kept').to.include({ balanced: true });
      expect(await reconciled(list)).to.include({ balanced: false });
    });

    it('takes into a list that is replaced what is chosen now, and judges it by that afterwards', async () => {
      await pay('2026-01', '2026-01-20');
      await payOtherKind('2026-01', '2026-01-21', AUTHORITIES.slice(0, 1));
      await make('2026-01');
      const widened = { ...list, kinds: ['1', '2'] };
      await pay('2026-02', '2026-02-11');
      await make('2026-02', {}, widened);
      expect(await sums('2026-02'), 'what the run before did not choose stays with it').to.deep.equal([3, 3, 0, 4380]);
      expect(await reconciled(widened)).to.include({ balanced: true, records: 6 });
      expect((await changes('2026-01', widened)).map(({ authority, lines }) => [authority, lines])).to.deep.equal([
        [AUTHORITIES[0], { published: 1, again: 2 }],
      ]);
      expect(await replace('2026-01', widened)).to.deep.equal(AUTHORITIES.slice(0, 1));
      expect((await runOf('2026-01')).choice?.kinds).to.deep.equal(['1', '2']);
      expect(await reconciled(list)).to.include({ balanced: true, records: 7, listed: 7 });
    });

    it('previews a run as it will end, and one that is done as it would be replaced', async () => {
      await pay('2026-03', '2026-03-20', {}, AUTHORITIES.slice(0, 1));
      await payOtherKind('2026-03', '2026-03-21', AUTHORITIES.slice(1));
      const stop = () => {
        throw new Error('stopped');
      };
      const period = parsePeriod(ruleOf(list), '2026-03');
      if (!period) throw new Error('no period');
      const preview = async () => {
        const out = await mkdtemp(join(tmpdir(), 'preview-'));
        await previewList(deps(), { definition: { ...list, kinds: ['2'], formats: ['csv'] }, period, signal, out });
        const names = await readdir(out);
        await rm(out, { recursive: true });
        return names.map((name) => name.split('.')[2]).sort();
      };
      await make('2026-03', {}, list, stop).catch(() => undefined);
      expect(await preview()).to.deep.equal(AUTHORITIES.slice(0, 1));
      await make('2026-03');
      expect(await preview()).to.deep.equal(AUTHORITIES.slice(1));
    });

    it('reconciles the runs of a list that took each record once, also when it takes what is open now', async () => {
      const open = { ...list, take: 'open' as const };
      await pay('2026-01', '2026-01-20');
      await make('2026-01');
      await pay('2026-01', '2026-02-20'); // of the run of what is open then
      await make('2026-02', {}, open);
      await pay('2026-02', '2026-03-10');
      await make('2026-03');
      expect(await reconciled(open)).to.include({ balanced: true, records: 6, listed: 6 });
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
