import { expect } from 'chai';
import { type Db, openStore } from '../../engine/store/database.ts';
import { MIGRATIONS, migrate } from '../../engine/store/migrate.ts';
import { claimOnce, isClaimed } from '../../engine/store/once.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { createTestDatabase, openTestStore, STORES, type StoreKind } from '../support/database.ts';

const NOW = new Date('2026-03-14T09:00:00Z');

for (const kind of STORES) contract(kind);

/** What both stores must do alike. */
function contract(kind: StoreKind): void {
  describe(`store contract: ${kind}`, () => {
    let db: Db;
    let close: () => Promise<void>;

    beforeEach(async () => {
      ({ db, close } = await openTestStore(kind));
    });
    afterEach(() => close());

    const claim = (id: string) => inTransaction(db, (tx) => claimOnce(tx, 'submissions', id, NOW));
    const processed = async () => (await db('processed').select('message_id')).length;

    it('migrates once, however many starters come at the same time', async () => {
      const { url, remove } = await createTestDatabase(kind);
      const starters = Array.from({ length: 3 }, () => openStore({ url, poolSize: 2 }));
      await Promise.all(starters.map(migrate));
      const versions = await starters[0]?.('schema_versions').select('number');
      expect(versions).to.deep.equal(MIGRATIONS.map(({ number }) => ({ number })));
      await Promise.all(starters.map((starter) => starter.destroy()));
      await remove();
    });

    it('leaves a migrated database as it is', async () => {
      await claim('kept');
      await migrate(db);
      expect(await processed()).to.equal(1);
    });

    it('refuses a database that is newer than the program, and says what to do', async () => {
      await db('schema_versions').insert({ number: 999, name: 'later', applied_at: NOW.toISOString() });
      const error = await migrate(db).catch((thrown: unknown) => thrown);
      expect(error).to.include({ code: 'store_newer' });
      expect(error).to.have.property('message').that.includes('start a newer release');
    });

    it('gives a claim to the first only', async () => {
      expect([await claim('m-1'), await claim('m-1'), await claim('m-2')]).to.deep.equal([true, false, true]);
    });

    it('gives a claim to one of many that come at the same time', async () => {
      const claims = await Promise.all(Array.from({ length: 10 }, () => claim('m-1')));
      expect(claims.filter(Boolean)).to.deep.equal([true]);
    });

    it('claims for each consumer apart', async () => {
      await claim('m-1');
      expect(await inTransaction(db, (tx) => claimOnce(tx, 'forms', 'm-1', NOW))).to.equal(true);
    });

    it('knows what is claimed', async () => {
      await claim('m-1');
      expect(await isClaimed(db, 'submissions', 'm-1')).to.equal(true);
      expect(await isClaimed(db, 'submissions', 'm-2')).to.equal(false);
    });

    it('takes a claim back with its transaction', async () => {
      const failing = inTransaction(db, async (tx) => {
        await claimOnce(tx, 'submissions', 'm-1', NOW);
        throw new Error('the effect failed');
      });
      expect(await failing.catch((error: Error) => error.message)).to.equal('the effect failed');
      expect(await claim('m-1')).to.equal(true);
    });

    it('rolls back what `keep` does not approve of, and returns it all the same', async () => {
      const insert = async (tx: Db) => claimOnce(tx, 'submissions', 'm-1', NOW);
      expect(await inTransaction(db, insert, () => false)).to.equal(true);
      expect(await processed()).to.equal(0);
      expect(await inTransaction(db, insert, (claimed) => claimed)).to.equal(true);
      expect(await processed()).to.equal(1);
    });

    it('undoes only the inner of two transactions, one in the other', async () => {
      await inTransaction(db, async (tx) => {
        await claimOnce(tx, 'submissions', 'outer', NOW);
        await inTransaction(
          tx,
          (inner) => claimOnce(inner, 'submissions', 'inner', NOW),
          () => false,
        );
      });
      expect(await db('processed').select('message_id')).to.deep.equal([{ message_id: 'outer' }]);
    });

    it('says what failed without the values of the statement', async () => {
      const twice = { consumer: 'submissions', message_id: 'secret-123', processed_at: NOW.toISOString() };
      await db('processed').insert(twice);
      const error = await db('processed')
        .insert(twice)
        .catch((thrown: Error) => thrown);
      expect(error).to.be.instanceOf(Error);
      expect(String(error)).to.not.include('secret-123');
    });
  });
}

describe('store contract: sqlite, several processes', () => {
  it('lets a transaction wait for the other writer instead of failing with a stale view', async () => {
    const { url, remove } = await createTestDatabase('sqlite');
    const [one, other] = [openStore({ url }), openStore({ url })];
    await migrate(one);
    await other.raw('pragma busy_timeout = 10'); // both are in this process, where waiting blocks the one waited for
    const seen = async (tx: Db) => (await tx('processed').select('message_id')).length;
    const late = await inTransaction(one, async (tx) => {
      const second = inTransaction(other, async (later) => {
        const before = await seen(later);
        await claimOnce(later, 'submissions', 'm-2', NOW);
        return before;
      });
      await claimOnce(tx, 'submissions', 'm-1', NOW);
      return { second };
    });
    expect(await late.second).to.equal(1);
    expect(await seen(one)).to.equal(2);
    await Promise.all([one.destroy(), other.destroy()]);
    await remove();
  });
});
