import { expect } from 'chai';
import { forgetAssertions, useAssertion } from '../../engine/registry/used-assertions.ts';
import type { Db } from '../../engine/store/database.ts';
import { findKeyed, forgetKeys, keepKeyed } from '../../engine/submissions/idempotency.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';

const NOW = new Date('2026-03-14T09:00:00Z');
const inSeconds = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);

for (const kind of STORES) contract(kind);

/** What is remembered of requests, on both stores. */
function contract(kind: StoreKind): void {
  describe(`requests once contract: ${kind}`, () => {
    let db: Db;
    let close: () => Promise<void>;

    beforeEach(async () => {
      ({ db, close } = await openTestStore(kind));
    });
    afterEach(() => close());

    it('an assertion is good for one of many at one moment, of one client, until its time is over', async () => {
      const used = { client: 'c', jti: 'j'.repeat(5_000), expiresAt: inSeconds(60) };
      const outcomes = await Promise.all(Array.from({ length: 10 }, () => useAssertion(db, used)));
      expect(outcomes.filter(Boolean)).to.have.length(1);
      expect(await useAssertion(db, { ...used, client: 'd' })).to.equal(true);
      expect(await forgetAssertions(db, inSeconds(59))).to.equal(0);
      expect(await useAssertion(db, used)).to.equal(false);
      expect(await forgetAssertions(db, inSeconds(61))).to.equal(2);
    });

    it('an idempotency key keeps what was done first under it, of one sender, for a time', async () => {
      const key = { sender: '123456', key: 'k' };
      const done = { content: 'a'.repeat(64), ticket: 'AAAAAAAAAAAA1' };
      await keepKeyed(db, key, done, NOW);
      await keepKeyed(db, key, { ...done, ticket: 'BBBBBBBBBBBB2' }, NOW);
      expect(await findKeyed(db, key)).to.include(done);
      expect(await findKeyed(db, { ...key, sender: '222222' })).to.equal(undefined);
      expect(await forgetKeys(db, NOW)).to.equal(0);
      expect(await forgetKeys(db, inSeconds(1))).to.equal(1);
      expect(await findKeyed(db, key)).to.equal(undefined);
    });
  });
}
