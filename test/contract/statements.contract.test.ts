import { expect } from 'chai';
import { type Db, openStore } from '../../engine/store/database.ts';
import { unhurried } from '../../engine/store/postgres.ts';
import { addRow, change, insertRows, rowsOf, unsynced, write } from '../../engine/store/sql.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { createTestDatabase, openTestStore, STORES, type StoreKind } from '../support/database.ts';

/** Without PostgreSQL's own limits, so that ours is what ends it. */
async function unhurriedOnServer(tx: Db, work: () => Promise<void>): Promise<void> {
  await tx.raw('set local statement_timeout = 0');
  await work();
}

const AT = '2026-03-14T09:00:00.000Z';

for (const kind of STORES) contract(kind);

/** How statements behave on both stores, those that nobody waits for too. */
function contract(kind: StoreKind): void {
  describe(`statements contract: ${kind}`, () => {
    let db: Db;
    let close: () => Promise<void>;

    beforeEach(async () => {
      ({ db, close } = await openTestStore(kind));
    });
    afterEach(() => close());

    const rowOf = (id: string) => ({ consumer: 'test', message_id: id, processed_at: AT });
    const add = (tx: Db, id: string) => addRow(tx, 'processed', rowOf(id));
    const idsIn = async (tx: Db) =>
      (
        await rowsOf<{ message_id: string }>(tx, "select message_id from processed where consumer = 'test' order by 1")
      ).map(({ message_id }) => message_id);
    const failureOf = (work: (tx: Db) => Promise<unknown>) =>
      inTransaction(db, work).then(
        () => undefined,
        (error: Error) => error.message,
      );
    const DOUBLE = /unique/i;

    it('shows a transaction what it wrote just before, in the order of the program', async () => {
      const seen = await inTransaction(db, async (tx) => {
        await add(tx, 'b');
        await add(tx, 'a');
        await write(tx, "update processed set message_id = 'c' where message_id = ?", ['b']);
        return idsIn(tx);
      });
      expect(seen).to.deep.equal(['a', 'c']);
      expect(await idsIn(db)).to.deep.equal(seen);
    });

    it('tells how many rows a change changed', async () => {
      await insertRows(db, 'processed', ['a', 'b', 'c'].map(rowOf));
      expect(await change(db, 'delete from processed where message_id <> ?', ['b'])).to.equal(2);
    });

    it('fails the next statement that is waited for, with the error of the write, and commits nothing', async () => {
      let went = false;
      const failure = await failureOf(async (tx) => {
        await add(tx, 'a');
        await add(tx, 'a');
        await idsIn(tx);
        went = true;
      });
      expect(failure).to.match(DOUBLE);
      expect([went, await idsIn(db)]).to.deep.equal([false, []]);
    });

    it('fails the commit when nothing else is waited for', async () => {
      const failure = await failureOf(async (tx) => {
        await add(tx, 'a');
        await add(tx, 'a');
      });
      expect(failure).to.match(DOUBLE);
      expect(await idsIn(db)).to.deep.equal([]);
    });

    it('fails with the error of the write where the query builder is asked next', async () => {
      const failure = await failureOf(async (tx) => {
        await add(tx, 'a');
        await add(tx, 'a');
        await tx('processed').select('message_id');
      });
      expect(failure).to.match(DOUBLE);
    });

    it('goes on with its connections after a failure', async () => {
      for (let round = 0; round < 25; round += 1) {
        await failureOf(async (tx) => {
          await add(tx, 'a');
          await add(tx, 'a');
        });
      }
      await inTransaction(db, (tx) => add(tx, 'a'));
      expect(await idsIn(db)).to.deep.equal(['a']);
    });

    it('writes any number of rows in one transaction', async () => {
      await inTransaction(db, async (tx) => {
        for (let row = 0; row < 3_000; row += 1) await add(tx, String(row));
      });
      expect(await idsIn(db)).to.have.length(3_000);
    });

    it('takes back what was written with a transaction that is given up', async () => {
      const failure = await failureOf(async (tx) => {
        await add(tx, 'a');
        throw new Error('given up');
      });
      expect([failure, await idsIn(db)]).to.deep.equal(['given up', []]);
    });

    it('writes at once where there is no transaction', async () => {
      await add(db, 'a');
      expect(await add(db, 'a').catch((error: Error) => error.message)).to.match(DOUBLE);
    });

    it('commits what need not wait for the disk like anything else', async () => {
      await inTransaction(db, async (tx) => {
        await unsynced(tx);
        await add(tx, 'a');
      });
      expect(await idsIn(db)).to.deep.equal(['a']);
    });

    it('takes back a nested transaction alone, and goes on', async () => {
      await inTransaction(db, async (tx) => {
        await add(tx, 'a');
        const failure = await inTransaction(tx, (nested) => add(nested, 'a')).catch((error: Error) => error.message);
        expect(failure).to.match(DOUBLE);
        await add(tx, 'b');
      });
      expect(await idsIn(db)).to.deep.equal(['a', 'b']);
    });

    if (kind === 'sqlite') return;

    it('does not take a statement for late that waits behind slow ones, and cuts off what is silent', async () => {
      const { url, remove } = await createTestDatabase(kind);
      const hasty = openStore({ url, poolSize: 1, answerWithinMs: 1_000 });
      const sleep = (tx: Db, seconds: number) => write(tx, 'select pg_sleep(?)', [seconds]);
      await inTransaction(hasty, async (tx) => {
        for (let slow = 0; slow < 3; slow += 1) await sleep(tx, 0.6);
        expect(await rowsOf(tx, 'select 1 as one')).to.deep.equal([{ one: 1 }]);
      });
      const silent = inTransaction(hasty, (tx) => unhurriedOnServer(tx, () => sleep(tx, 30)));
      expect(await silent.catch((error: unknown) => error)).to.include({ code: 'store_unavailable' });
      await hasty.destroy();
      await remove();
    });

    it('refuses a write after the end of its transaction', async () => {
      const ended = await inTransaction(db, async (tx) => [tx]);
      const late = ended.map((tx) => add(tx, 'late').catch((error: Error) => error.message));
      expect(await Promise.all(late)).to.deep.equal([
        'Transaction query already complete, run with DEBUG=knex:tx for more info',
      ]);
    });

    it('reads two things of one transaction at a time', async () => {
      await add(db, 'a');
      const [ids, [one]] = await inTransaction(db, (tx) =>
        unhurried(tx, () => Promise.all([idsIn(tx), rowsOf<{ one: number }>(tx, 'select 1 as one')])),
      );
      expect([ids, one]).to.deep.equal([['a'], { one: 1 }]);
    });
  });
}
