import { expect } from 'chai';
import type { Db } from '../../../engine/store/database.ts';
import { storyOf } from '../../../engine/submissions/story.ts';
import { openTestStore, STORES } from '../../support/database.ts';
import { REPORT, storeStory, TICKET } from '../../support/stories.ts';

for (const kind of STORES) {
  describe(`the story of a submission on ${kind}`, () => {
    let db: Db;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ db, close } = await openTestStore(kind));
    });
    afterEach(() => close());

    it('is whole, and in order', async () => {
      await storeStory(db);
      const story = await storyOf(db, TICKET);
      expect(story).to.deep.include({
        ticket: TICKET,
        stem: 'DMFA.123456.20260601.00001.R',
        sender: '123456',
        goal: 'DMFA',
        channel: 'sftp',
        environment: 'R',
        state: 'refused',
        receivedAt: '2026-06-01T10:00:00.000Z',
      });
      expect(story?.receipt.resultCode).to.equal(0);
      expect(story?.receipt.errors.map(({ code }) => code)).to.deep.equal(['153']);
      expect(story?.signature).to.deep.equal({
        verdict: 'invalid',
        parts: [{ file: 'FS.DMFA.123456.20260601.00001.R.1.1', report: REPORT }],
      });
      expect(story?.forms[0]).to.deep.include({ index: 1, part: 1, outcome: 'refused', quarter: '20262' });
      expect(story?.forms[0]?.anomalies.map(({ tagName }) => tagName)).to.deep.equal(['INSS', 'NetOwedAmount']);
      expect(story?.files.map(({ role, size }) => [role, size])).to.deep.equal([['FI', 12]]);
      expect(story?.answers.map(({ goal }) => goal)).to.deep.equal(['ACRF']);
      expect(story?.events.map(({ what }) => what)).to.deep.equal(['received', 'receipt placed']);
    });

    it('has no signature and no result while nothing is decided', async () => {
      await storeStory(db);
      await db('submissions').update({ result_code: null, signature: null });
      const story = await storyOf(db, TICKET);
      expect(story?.signature).to.deep.equal({ verdict: 'none', parts: [] });
      expect(story?.receipt.resultCode).to.equal(null);
    });

    it('is not there for a ticket that nobody has', async () => {
      expect(await storyOf(db, 'AAAAAAAAAAAAA')).to.equal(undefined);
    });
  });
}
