import { expect } from 'chai';
import { EngineError } from '../../engine/core/errors.ts';
import { pendingArrivals } from '../../engine/landing/pending-arrivals.ts';
import { STORES, type StoreKind } from '../support/database.ts';
import { openTestLanding, type TestLanding, upload } from '../support/landing.ts';

const STEM = 'DMFA.123456.20261122.00001.R';
const [FI, FS, GO] = [`FI.${STEM}.1.1`, `FS.${STEM}.1.1`, `GO.${STEM}.1`];

for (const kind of STORES) contract(kind);

/** What becomes of a GO that was stored and not taken in when its sender sends the set anew. */
function contract(kind: StoreKind): void {
  describe(`sets that are sent anew: ${kind}`, () => {
    let landing: TestLanding;
    beforeEach(async () => {
      const away = () => Promise.reject(new EngineError('store_unavailable', 'the database went away'));
      landing = await openTestLanding({ kind, onArrival: away });
      const { folders } = landing;
      for (const name of [FI, FS]) await upload(folders, 'IN', name, Buffer.from(name));
      const failed = await upload(folders, 'IN', GO, Buffer.alloc(0)).catch((error: unknown) => error);
      expect(failed).to.have.property('code', 'store_unavailable');
    });
    afterEach(() => landing.close());

    const names = async () => (await landing.folders.list('IN')).map(({ name }) => name).sort();
    async function pending(before: Date): Promise<string[]> {
      const found: string[] = [];
      for await (const { name } of pendingArrivals(landing.db, before)) found.push(name);
      return found;
    }
    const removals = async () => {
      const rows = await landing.db('audit').where({ what: 'file removed' }).orderBy('id');
      return rows.map(({ who, subject }) => `${who} ${subject}`);
    };

    it('takes the GO back with the first file that is deleted: it would release half a set', async () => {
      await landing.folders.remove('IN', FI);
      expect(await names()).to.deep.equal([FS]);
      expect(await removals()).to.deep.equal([`123456 IN/${FI}`, `engine IN/${GO}`]);
    });

    it('takes the GO back when a file gets another name', async () => {
      await landing.folders.rename('IN', FS, `${FS}.old`);
      expect(await names()).to.deep.equal([FI, `${FS}.old`]);
    });

    for (const [what, size] of [
      ['small', 1_000],
      ['large', 200_000],
    ] as const) {
      it(`takes the GO back when a ${what} file is begun anew and does not come to its end`, async () => {
        const again = await landing.folders.openWrite('IN', FI, 'create');
        await again.write(0, Buffer.alloc(size, 'x'));
        await again.abandon();
        expect(await names()).to.deep.equal([FI, FS]);
        expect(await pending(landing.now)).to.deep.equal([]);
        expect(await removals()).to.deep.equal([`engine IN/${GO}`]);
      });
    }

    it('leaves the GO when a file is sent anew whole: nothing of the set was missing at any time', async () => {
      await upload(landing.folders, 'IN', FS, Buffer.from('again'));
      expect(await names()).to.deep.equal([FI, FS, GO]);
    });

    it('leaves the GO when other files go', async () => {
      const other = `FI.${STEM.replace('00001', '00002')}.1.1`;
      await upload(landing.folders, 'IN', other, Buffer.from('x'));
      await landing.folders.remove('IN', other);
      await upload(landing.folders, 'IN', `${FI}.filepart`, Buffer.from('x'));
      await landing.folders.remove('IN', `${FI}.filepart`);
      expect(await names()).to.deep.equal([FI, FS, GO]);
    });

    it('takes in after a crash only what has lain still, files on their way included', async () => {
      const before = landing.now;
      expect(await pending(before)).to.deep.equal([GO]);
      landing.now = new Date(before.getTime() + 1_000);
      await upload(landing.folders, 'IN', `${FI}.filepart`, Buffer.from('again'));
      expect(await pending(before)).to.deep.equal([]);
      expect(await pending(landing.now)).to.deep.equal([GO]);
    });
  });
}
