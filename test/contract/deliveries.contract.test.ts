import { expect } from 'chai';
import { isReached, placeDocument } from '../../app/deliveries.ts';
import { saveSender } from '../../engine/registry/senders.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { aSender } from '../support/builders.ts';
import { STORES, type StoreKind } from '../support/database.ts';
import { openTestContent, type TestContent } from '../support/test-content.ts';

const authority = '0206731645';
const NOW = new Date('2026-03-14T09:00:00Z');

for (const kind of STORES) contract(kind);

/** A municipality that has people on welfare, is an employer, and had another sender for the former. */
function contract(store: StoreKind): void {
  describe(`documents for an authority: ${store}`, () => {
    let content: TestContent;
    before(async () => {
      content = await openTestContent(store);
      const texts = { names: '{"fr":"Commune"}', language: 'fr', mailbox_type: 'institution' };
      await content.db('organisations').insert({ enterprise_number: authority, ...texts });
      for (const code of ['employer', 'municipality', 'ocmw'])
        await content.db('qualities').insert({ enterprise_number: authority, code });
      const senders = [
        aSender({ number: '100001', login: 'a', quality: 'employer' }),
        aSender({ number: '100002', login: 'b', quality: 'ocmw' }),
        aSender({ number: '100003', login: 'c', quality: 'municipality', state: 'suspended' }),
      ];
      await inTransaction(content.db, async (tx) => {
        for (const sender of senders) await saveSender(tx, sender);
      });
    });
    after(() => content.close());

    async function placedFor(quality: string | undefined) {
      await content.db('outbox').delete();
      const { sha256 } = await content.put(Buffer.from('<Mutation/>'));
      const document = { id: `alone:${quality}`, authority, goal: 'MUTA', quality, sha256 };
      const count = await inTransaction(content.db, (tx) => placeDocument(tx, document, NOW));
      const senders = await content.db('outbox').orderBy('sender').pluck('sender');
      return [count, senders, await isReached(content.db, authority, quality)];
    }

    it('are placed for its active senders of one quality', async () => {
      expect(await placedFor('ocmw')).to.deep.equal([1, ['100002'], true]);
      expect(await placedFor('municipality'), 'suspended').to.deep.equal([0, [], false]);
      expect(await placedFor('province'), 'it has none').to.deep.equal([0, [], false]);
    });

    it('are placed for all its active senders where no quality is named', async () => {
      expect(await placedFor(undefined)).to.deep.equal([2, ['100001', '100002'], true]);
    });
  });
}
