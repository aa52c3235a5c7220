import { expect } from 'chai';
import { createReplyNumbers } from '../../engine/outbound/reply-numbers.ts';
import { type Db, openStore } from '../../engine/store/database.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';

const SERIES = { day: '20260314', goal: 'ACRF', environment: 'R' };

for (const kind of STORES) contract(kind);

/** How replies get their numbers on both stores. */
function contract(kind: StoreKind): void {
  describe(`reply numbers contract: ${kind}`, () => {
    let db: Db;
    let url: string;
    let close: () => Promise<void>;

    beforeEach(async () => {
      ({ db, url, close } = await openTestStore(kind));
    });
    afterEach(() => close());

    it('count from 1 in each series, over the end of a block', async () => {
      const numbers = createReplyNumbers(db, 2);
      const taken: number[] = [];
      for (let count = 0; count < 5; count += 1) taken.push(await numbers.take(SERIES));
      expect(taken).to.deep.equal([1, 2, 3, 4, 5]);
      for (const other of [{ day: '20260315' }, { goal: 'NOTI' }, { environment: 'T' }]) {
        expect(await numbers.take({ ...SERIES, ...other })).to.equal(1);
      }
    });

    it('are given once, however many processes take them at one moment', async () => {
      const second = openStore({ url, poolSize: 2 });
      const [one, other] = [createReplyNumbers(db, 3), createReplyNumbers(second, 3)];
      const taking = Array.from({ length: 40 }, (_, index) => (index % 2 ? one : other).take(SERIES));
      const taken = await Promise.all(taking);
      await second.destroy();
      expect(new Set(taken).size).to.equal(40);
      expect(Math.max(...taken)).to.be.at.most(42);
    });

    it('go on after the store was away, without one that was given', async () => {
      const numbers = createReplyNumbers(db, 1);
      const first = await numbers.take(SERIES);
      await db.schema.renameTable('reply_numbers', 'away');
      const failed = await numbers.take(SERIES).then(
        () => 'taken',
        () => 'failed',
      );
      await db.schema.renameTable('away', 'reply_numbers');
      expect([first, failed, await numbers.take(SERIES)]).to.deep.equal([1, 'failed', 2]);
    });
  });
}
