import { expect } from 'chai';
import { admitRemoval } from '../../engine/expiry/holds.ts';
import { answersTo, closeRecord, findByReference, takeAnswer } from '../../engine/records/answers.ts';
import { electronicOf, isElectronic, switchOff, switchOn } from '../../engine/records/electronic.ts';
import { addRecords, cutoffAt, type NewRecord } from '../../engine/records/records.ts';
import { type Selection, sharesOf } from '../../engine/records/selection.ts';
import { recordsInTurn } from '../../engine/records/taken.ts';
import { type Db, openStore } from '../../engine/store/database.ts';
import { streamRows } from '../../engine/store/stream.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { createGate } from '../support/gate.ts';

const AUTHORITY = '0206731645';
const OTHER = '0403019261';
const LARGE = '0884303369';
const at = (text: string) => new Date(text);

for (const kind of STORES) contract(kind);

/** What lists rely on of the records, on both stores. */
function contract(store: StoreKind): void {
  describe(`records contract: ${store}`, () => {
    let url = '';
    let db: Db;
    let close: () => Promise<void>;
    let line = 0;

    beforeEach(async () => {
      ({ db, close, url } = await openTestStore(store));
      line = 0;
    });
    afterEach(() => close());

    function aRecord(with_: Partial<NewRecord> = {}): NewRecord {
      line += 1;
      const place = { ticket: 'TICKET0000001', formIndex: 1, line };
      const record = { source: 'payments', authority: AUTHORITY, kind: '1', day: '2026-03-14', position: 'a' };
      return { ...record, ...place, fields: { Name: `N${line}` }, ...with_ };
    }
    const add = (arrivedAt: string, ...records: NewRecord[]) =>
      inTransaction(db, (tx) => addRecords(tx, records, at(arrivedAt)));
    const march = (with_: Partial<Selection> = {}): Selection => ({
      ...{ source: 'payments', kinds: [], from: '2026-03-01', until: '2026-04-01', after: 0, cutoff: 1_000 },
      previousUntil: null,
      ...{ take: 'arrived' as const, openAt: at('2026-04-05T04:00:00Z'), withoutElectronic: false, without: [] },
      ...with_,
    });
    async function names(selection: Selection, authority = AUTHORITY): Promise<string[]> {
      const found: string[] = [];
      for await (const { records } of recordsInTurn(db, selection, [{ authority, records: 1, late: 0, bytes: 0 }])) {
        for await (const { fields, late } of records) {
          const all: { readonly Name: string }[] = JSON.parse(fields);
          found.push(...all.map(({ Name }) => `${Name}${late ? ' late' : ''}`));
        }
      }
      return found;
    }

    it('takes the records of a period in the order of their positions, the late ones behind', async () => {
      await add('2026-03-20T10:00:00Z', aRecord({ position: 'b' }), aRecord({ position: 'a' }), aRecord({ kind: '2' }));
      await add('2026-03-21T10:00:00Z', aRecord({ day: '2026-02-28' }), aRecord({ day: '2026-04-01' }));
      await add('2026-03-21T10:00:00Z', aRecord({ authority: OTHER }), aRecord({ source: 'events' }));
      expect(await names(march({ kinds: ['1'] }))).to.deep.equal(['N2', 'N1', 'N4 late']);
      expect(await names(march({ after: 4 }))).to.deep.equal(['N2', 'N3', 'N1']);
      expect(await names(march(), OTHER)).to.deep.equal(['N6']);
      expect(await sharesOf(db, march())).to.deep.equal([
        { authority: AUTHORITY, records: 4, late: 1, bytes: 52 },
        { authority: OTHER, records: 1, late: 0, bytes: 13 },
      ]);
      expect(await sharesOf(db, march({ without: [AUTHORITY], cutoff: 5 }))).to.deep.equal([]);
    });

    for (const [way, bytes] of [
      ['with others', 0],
      ['by itself, as there is much in its records', 2 ** 30],
    ] as const) {
      it(`says of each record its day and kind, of an authority that is read ${way}`, async () => {
        const kinds = ['"', ',', '\\', 'é","x'];
        await add('2026-03-20T10:00:00Z', ...kinds.map((kind, at) => aRecord({ kind, day: `2026-03-0${at + 1}` })));
        await add(
          '2026-03-20T10:00:00Z',
          aRecord({ kind: 'late', day: '2026-02-28', fields: { Name: '"\\\n\u2028' } }),
        );
        const read: unknown[] = [];
        for await (const { share, records } of recordsInTurn(db, march(), [
          { authority: AUTHORITY, records: 5, late: 1, bytes },
        ])) {
          expect(share.bytes).to.equal(bytes);
          for await (const { late, ...rest } of records) {
            read.push([late, ...[rest.days, rest.kinds, rest.fields].map((array) => JSON.parse(array))]);
          }
        }
        expect(read).to.deep.equal([
          [
            false,
            ['2026-03-01', '2026-03-02', '2026-03-03', '2026-03-04'],
            kinds,
            [1, 2, 3, 4].map((n) => ({ Name: `N${n}` })),
          ],
          [true, ['2026-02-28'], ['late'], [{ Name: '"\\\n\u2028' }]],
        ]);
      });
    }

    it('gives one authority after the other, also a large one between others, and can be left', async () => {
      const large = Array.from({ length: 10_001 }, () => aRecord({ authority: LARGE }));
      await add('2026-03-20T10:00:00Z', aRecord(), aRecord({ authority: OTHER }), aRecord(), ...large);
      const shares = await sharesOf(db, march({ cutoff: 20_000 }));
      const found: [string, number][] = [];
      for await (const { share, records } of recordsInTurn(db, march({ cutoff: 20_000 }), shares)) {
        let count = 0;
        for await (const { fields } of records) count += JSON.parse(fields).length;
        found.push([share.authority, count]);
      }
      expect(found).to.deep.equal(shares.map(({ authority, records }) => [authority, records]));
      expect(found.map(([, count]) => count).toSorted((a, b) => a - b)).to.deep.equal([1, 2, 10_001]);
      for await (const { share } of recordsInTurn(db, march({ cutoff: 20_000 }), shares)) {
        expect(share).to.deep.equal(shares[0]);
        break;
      }
      expect(await names(march(), OTHER)).to.have.length(1); // no connection is left behind
    });

    it('holds no transaction for those that follow while a large authority is worked on', async () => {
      const large = Array.from({ length: 10_001 }, () => aRecord({ authority: OTHER }));
      const following = [LARGE, '0999999922'].map((authority) => aRecord({ authority }));
      await add('2026-03-20T10:00:00Z', aRecord(), ...large, ...following);
      const selection = march({ cutoff: 20_000 });
      const shares = await sharesOf(db, selection);
      expect(shares.map(({ authority }) => authority)).to.deep.equal([AUTHORITY, OTHER, LARGE, '0999999922']);
      const { pool } = db.client;
      for await (const { share } of recordsInTurn(db, selection, shares)) {
        if (share.authority !== OTHER) continue;
        await db.raw('select 1'); // whatever was begun has its connection now
        await eventually(async () => expect(pool.numUsed() + pool.numPendingAcquires()).to.equal(0));
      }
    });

    it('adds a record once, however often it comes', async () => {
      const record = aRecord();
      await add('2026-03-20T10:00:00Z', record);
      await add('2026-03-20T10:00:00Z', record);
      expect(await names(march())).to.deep.equal(['N1']);
    });

    it('keeps what two sources read at the same place of a form', async () => {
      const one = aRecord();
      const other: NewRecord = { ...one, source: 'events' };
      expect(await add('2026-03-20T10:00:00Z', one)).to.deep.equal([one]);
      expect(await add('2026-03-20T10:00:00Z', one, other)).to.deep.equal([other]);
      expect(await names(march({ source: 'events' }))).to.deep.equal(['N1']);
    });

    it('takes every record in one run and no more, whenever it comes', async () => {
      const days = ['2026-01-31', '2026-02-01', '2026-02-28', '2026-03-01', '2026-03-31', '2026-04-01'];
      const runs: Selection[] = [];
      let after = 0;
      for (const [from, until] of [
        ['2026-01-01', '2026-02-01'],
        ['2026-02-01', '2026-03-01'],
        ['2026-03-01', '2026-04-01'],
        ['2026-04-01', '2026-05-01'],
      ] as const) {
        await add(`${from}T10:00:00Z`, ...days.map((day) => aRecord({ day })));
        const cutoff = await cutoffAt(db, at(`${until}T00:00:00Z`));
        runs.push(march({ from, until, after, cutoff }));
        after = cutoff;
      }
      const taken: string[] = [];
      for (const run of runs) taken.push(...(await names(run)).map((name) => name.replace(' late', '')));
      expect(taken.length).to.equal(24);
      expect(new Set(taken).size).to.equal(24);
    });

    it('takes every record in one run and no more when periods were skipped, of days to come too', async () => {
      const days = Array.from({ length: 12 }, (_, month) => `2026-${String(month + 1).padStart(2, '0')}-14`);
      const runs: Selection[] = [];
      let [after, previousUntil]: [number, string | null] = [0, null];
      for (const [from, until] of [
        ['2026-03-01', '2026-04-01'], // nothing was made before
        ['2026-04-01', '2026-05-01'],
        ['2026-06-01', '2026-07-01'], // one is skipped
        ['2026-11-01', '2026-12-01'], // four are
      ] as const) {
        await add(`${from}T10:00:00Z`, ...days.map((day) => aRecord({ day })));
        const cutoff = await cutoffAt(db, at(`${until}T00:00:00Z`));
        runs.push(march({ from, until, after, cutoff, previousUntil }));
        [after, previousUntil] = [cutoff, until];
      }
      const taken: string[] = [];
      for (const run of runs) {
        const found = await names(run);
        expect((await sharesOf(db, run))[0]?.records).to.equal(found.length);
        taken.push(...found.map((name) => name.replace(' late', '')));
      }
      expect(taken.length).to.equal(4 * 11);
      expect(new Set(taken).size).to.equal(4 * 11);
    });

    // with one writer there is no transaction beside
    if (store === 'postgres') {
      it('draws no line before a transaction that is under way has ended', async () => {
        const [added, goOn] = [createGate<void>(), createGate<void>()];
        const adding = inTransaction(db, async (tx) => {
          await addRecords(tx, [aRecord()], at('2026-03-20T10:00:00Z'));
          added.open();
          await goOn.opened;
        });
        await added.opened;
        const cutoff = inTransaction(db, (tx) => cutoffAt(tx, at('2026-04-01T00:00:00Z')));
        const waits = async () => {
          const { rows } = await db.raw(
            "select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted",
          );
          expect(rows[0].n).to.be.above(0);
        };
        await eventually(waits);
        goOn.open();
        await adding;
        expect(await cutoff).to.equal(1);
      });

      it('draws a line, and goes on adding, while expired messages are being removed', async () => {
        const [removing, goOn] = [createGate<void>(), createGate<void>()];
        const removal = inTransaction(db, async (tx) => {
          await admitRemoval(tx);
          removing.open();
          await goOn.opened;
        });
        await removing.opened;
        expect(await inTransaction(db, (tx) => cutoffAt(tx, at('2026-04-01T00:00:00Z')))).to.equal(0);
        expect(await add('2026-03-20T10:00:00Z', aRecord())).to.have.length(1);
        goOn.open();
        await removal;
      });
    }

    it('draws the line at what had arrived before an instant', async () => {
      await add('2026-03-20T10:00:00Z', aRecord(), aRecord());
      await add('2026-03-20T10:00:01Z', aRecord());
      expect(await cutoffAt(db, at('2026-03-20T10:00:00Z'))).to.equal(0);
      expect(await cutoffAt(db, at('2026-03-20T10:00:01Z'))).to.equal(2);
      expect(await cutoffAt(db, at('2026-03-21T00:00:00Z'))).to.equal(3);
    });

    it('takes what was open at an instant, and closes a record once', async () => {
      await add('2026-03-20T10:00:00Z', aRecord({ day: '2025-12-01' }), aRecord(), aRecord());
      expect(await closeRecord(db, 2, at('2026-04-01T00:00:00Z'))).to.equal(true);
      expect(await closeRecord(db, 2, at('2026-04-02T00:00:00Z'))).to.equal(false);
      const open = (instant: string) => names(march({ take: 'open', openAt: at(instant) }));
      expect(await open('2026-04-01T00:00:00Z')).to.deep.equal(['N1', 'N2', 'N3']);
      expect(await open('2026-04-01T00:00:01Z')).to.deep.equal(['N1', 'N3']);
    });

    it('leaves out what an authority gets by itself, and it from the summaries of the periods that begin after its switch', async () => {
      const alone = { day: '2026-03-14', alone: true };
      await add('2026-03-20T10:00:00Z', aRecord(alone));
      await add('2026-02-20T10:00:00Z', aRecord({ day: '2026-02-14' }));
      expect(await switchOn(db, { source: 'payments', authority: AUTHORITY, from: '2026-03-01' })).to.equal(true);
      expect(await switchOn(db, { source: 'payments', authority: AUTHORITY, from: '2026-03-01' })).to.equal(false);
      expect(await names(march({ withoutElectronic: true }))).to.deep.equal(['N2 late']);
      expect(await names(march({ withoutElectronic: true, take: 'open' }))).to.deep.equal([]);
      const earlier = march({ withoutElectronic: true, take: 'open', from: '2026-02-01' });
      expect(await names(earlier), 'N1 has gone by itself in this period').to.deep.equal(['N2']);
      await switchOff(db, { source: 'payments', authority: AUTHORITY, from: '2026-04-01' });
      const later = march({ withoutElectronic: true, take: 'open', from: '2026-04-01', until: '2026-10-01' });
      expect(await names(later), 'on paper again, what is still open of both ways').to.deep.equal(['N1', 'N2']);
    });

    it('leaves out of a summary what went by itself in its period, of whatever day', async () => {
      await switchOn(db, { source: 'payments', authority: AUTHORITY, from: '2026-02-01' });
      await add('2026-03-20T10:00:00Z', aRecord({ day: '2026-01-14', alone: true }));
      await add('2026-01-20T10:00:00Z', aRecord({ day: '2026-01-14' }));
      const open = (from: string, until: string) =>
        names(march({ withoutElectronic: true, take: 'open', from, until }));
      await switchOff(db, { source: 'payments', authority: AUTHORITY, from: '2026-03-15' });
      expect(await open('2026-03-01', '2026-04-01'), 'N1 went in March').to.deep.equal(['N2']);
      expect(await open('2026-04-01', '2026-05-01')).to.deep.equal(['N1', 'N2']);
      expect(await open('2026-02-01', '2026-03-01'), 'electronic from its first day to its last').to.deep.equal([]);
    });

    it('keeps in a summary what reached nobody by itself, though its authority got the rest so', async () => {
      await switchOn(db, { source: 'payments', authority: AUTHORITY, from: '2026-02-01' });
      await add('2026-01-31T22:59:59Z', aRecord({ day: '2026-01-14' })); // the last of the paper
      await add('2026-01-31T23:00:00Z', aRecord({ day: '2026-01-14' }), aRecord({ day: '2026-01-14', alone: true }));
      await add('2026-01-20T10:00:00Z', aRecord({ day: '2026-02-14' }), aRecord({ day: '2026-02-14', alone: true }));
      const summary = { withoutElectronic: true, take: 'open' as const };
      expect(await names(march({ ...summary, from: '2026-02-01' }))).to.deep.equal(['N2', 'N4']);
      expect(await names(march(summary)), 'a later one, too').to.deep.equal(['N2', 'N4']);
    });

    it('goes on with one span when an authority is switched on from the day on which it was switched off', async () => {
      const switched = (from: string) => ({ source: 'payments', authority: AUTHORITY, from });
      await switchOn(db, switched('2026-02-01'));
      await switchOff(db, switched('2026-03-01'));
      expect(await switchOn(db, switched('2026-03-01'))).to.equal(true);
      expect(await electronicOf(db, 'payments')).to.deep.equal([{ ...switched('2026-02-01'), until: null }]);
    });

    it('switches an authority on and off from a day on', async () => {
      const on = (day: string) => isElectronic(db, 'payments', AUTHORITY, day);
      const switched = (from: string) => ({ source: 'payments', authority: AUTHORITY, from });
      await switchOn(db, switched('2026-03-01'));
      expect([await on('2026-02-28'), await on('2026-03-01')]).to.deep.equal([false, true]);
      expect(await switchOff(db, switched('2026-05-01'))).to.equal(true);
      expect([await on('2026-04-30'), await on('2026-05-01')]).to.deep.equal([true, false]);
      expect(await switchOff(db, switched('2026-06-01'))).to.equal(false);
    });

    it('tells which records were not there before, by place or by reference', async () => {
      const first = aRecord({ reference: 'S1' });
      const added = await inTransaction(db, (tx) =>
        addRecords(tx, [first, aRecord({ reference: 'S1' })], at('2026-03-20T10:00:00Z')),
      );
      expect(added).to.deep.equal([first]);
      expect(await inTransaction(db, (tx) => addRecords(tx, [first], at('2026-03-20T10:00:00Z')))).to.deep.equal([]);
    });

    it('has an outcome for each answer, closes once and keeps them all', async () => {
      await add('2026-03-20T10:00:00Z', aRecord({ reference: 'S1' }));
      const record = await findByReference(db, 'payments', 'S1');
      if (!record) throw new Error('no record');
      const answer = (line: number, code: string, closes: boolean) =>
        inTransaction(db, (tx) =>
          takeAnswer(
            tx,
            record,
            { code, remark: '', ticket: 'TICKET0000002', formIndex: 1, line },
            { closes, at: at('2026-04-01T00:00:00Z') },
          ),
        );
      expect(await answer(1, '01', false)).to.equal('noted');
      expect(await answer(2, '01', false)).to.equal('repeated');
      const together = [answer(3, '10', true), answer(4, '10', true), answer(5, '10', true)];
      expect((await Promise.all(together)).toSorted()).to.deep.equal(['closed', 'repeated', 'repeated'].toSorted());
      expect(await answer(6, '02', false)).to.equal('contradicted');
      expect(await answer(6, '02', false)).to.equal(undefined);
      expect((await answersTo(db, record.id)).length).to.equal(6);
    });

    it('streams rows in batches, also when it is left early', async () => {
      await add('2026-03-20T10:00:00Z', ...Array.from({ length: 25 }, () => aRecord()));
      const sizes: number[] = [];
      for await (const rows of streamRows(db, 'select id from records where id > ? order by id', [2], 10)) {
        sizes.push(rows.length);
      }
      expect(sizes).to.deep.equal([10, 10, 3]);
      for await (const rows of streamRows(db, 'select id from records', [], 10)) {
        expect(rows.length).to.equal(10);
        break;
      }
      await add('2026-03-20T10:00:00Z', aRecord());
      expect((await sharesOf(db, march()))[0]?.records).to.equal(26);
    });

    if (store === 'postgres') {
      it('streams what takes longer to sort than a statement otherwise may', async () => {
        const impatient = openStore({ url, poolSize: 1, answerWithinMs: 1_200 });
        const slow = 'select n from (select pg_sleep(2)) as slept, generate_series(1, ?::int) as n order by n';
        const hurried = await impatient.raw(slow, [3]).catch(({ code }) => code);
        expect(hurried, 'what is not given its time').to.equal('57014');
        const found: number[] = [];
        for await (const rows of streamRows<{ n: number }>(impatient, slow, [3], 2))
          found.push(...rows.map(({ n }) => n));
        await impatient.destroy();
        expect(found).to.deep.equal([1, 2, 3]);
      });
    }
  });
}
