import { randomBytes } from 'node:crypto';
import { mkdir, unlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../../engine/core/logger.ts';
import { claimFiles, findLanded } from '../../engine/landing/folder-files.ts';
import { leftOverFiles, sweepParts } from '../../engine/landing/sweep.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { filesOf } from '../support/content.ts';
import { STORES, type StoreKind } from '../support/database.ts';
import { download, openTestLanding, type TestLanding, upload } from '../support/landing.ts';

const HOUR = 3_600_000;
const LARGE = 100_000; // more than lies in a row

for (const kind of STORES) contract(kind);

/** No crash, and no sweep, may lose a file that was stored, or leave one for ever. */
function contract(kind: StoreKind): void {
  describe(`sweep contract: ${kind}`, () => {
    let landing: TestLanding;
    beforeEach(async () => {
      landing = await openTestLanding({ kind });
    });
    afterEach(() => landing.close());

    const deps = (ahead = 0) => ({ ...landing, clock: () => new Date(Date.now() + ahead), log: silentLogger() });
    const sweep = (ahead: number) => sweepParts(deps(ahead));
    const claim = async (name: string) => {
      const file = await findLanded(landing.db, '123456', 'IN', name);
      return inTransaction(landing.db, (tx) => claimFiles(tx, [file?.id ?? ''], landing.now));
    };
    async function age(name: string, ms: number): Promise<void> {
      const then = new Date(Date.now() - ms);
      await utimes(landing.blobs.files.pathOf(name), then, then);
    }

    it('leaves what is waiting, what is unfinished and what is claimed, however old', async () => {
      const { folders, blobs } = landing;
      for (const name of ['FI.A', 'FI.B']) await upload(folders, 'IN', name, randomBytes(LARGE));
      expect(await claim('FI.B')).to.equal(true);
      const partial = await folders.openWrite('IN', 'FI.C', 'create');
      await partial.write(0, randomBytes(LARGE));
      expect(await filesOf(blobs)).to.have.lengthOf(3);
      expect(await sweep(100 * HOUR)).to.equal(0);
      await partial.abandon();
      expect(await sweep(100 * HOUR)).to.equal(0);
      expect(await filesOf(blobs)).to.have.lengthOf(3);
    });

    it('removes the second copy of content that is claimed twice, and not the first', async () => {
      const { folders, blobs, db } = landing;
      const bytes = randomBytes(LARGE);
      for (const name of ['FI.A', 'FI.B']) {
        await upload(folders, 'IN', name, bytes);
        expect(await claim(name)).to.equal(true);
      }
      expect(await filesOf(blobs)).to.have.lengthOf(2);
      expect([await sweep(0), await sweep(2 * HOUR)]).to.deep.equal([0, 1]);
      const [{ sha256 }] = await db('blobs');
      const pieces: Buffer[] = [];
      for await (const piece of await blobs.read(db, sha256)) pieces.push(piece);
      expect(Buffer.concat(pieces).equals(bytes)).to.equal(true);
    });

    it('leaves a file whose row comes while the sweep is looking', async () => {
      const { folders, blobs } = landing;
      const bytes = randomBytes(LARGE);
      await upload(folders, 'IN', 'FI.A', bytes);
      const before = await filesOf(blobs);
      const resumed = await folders.openWrite('IN', 'FI.A', 'resume');
      await resumed.write(LARGE, Buffer.from('end'));
      const [copy = ''] = (await filesOf(blobs)).filter((name) => !before.includes(name));
      await age(copy, 3 * HOUR); // the session lay still
      const found: string[] = [];
      for await (const names of leftOverFiles(deps())) found.push(...names);
      expect(found).to.deep.equal([copy]);
      await resumed.close();
      expect(blobs.files.removeIfOlder(copy, new Date(Date.now() - HOUR))).to.equal(false);
      expect((await download(folders, 'IN', 'FI.A')).length).to.equal(LARGE + 3);
    });

    it('refuses the end of an upload whose file was swept, and keeps what was there', async () => {
      const { folders, blobs } = landing;
      const bytes = randomBytes(LARGE);
      await upload(folders, 'IN', 'FI.A', bytes);
      const before = await filesOf(blobs);
      const resumed = await folders.openWrite('IN', 'FI.A', 'resume');
      await resumed.write(LARGE, Buffer.from('end'));
      const [copy = ''] = (await filesOf(blobs)).filter((name) => !before.includes(name));
      await age(copy, 3 * HOUR);
      expect(await sweep(0)).to.equal(1);
      const error = await resumed.close().catch((thrown: unknown) => thrown);
      expect(error).to.include({ code: 'store_unavailable' });
      expect((await download(folders, 'IN', 'FI.A')).equals(bytes)).to.equal(true);
      expect(await filesOf(blobs)).to.deep.equal(before);
    });

    it('lets an upload begin anew whose bytes a crash took away', async () => {
      const { folders, blobs } = landing;
      const partial = await folders.openWrite('IN', 'FI.A', 'create');
      await partial.write(0, randomBytes(LARGE));
      await partial.abandon();
      for (const name of await filesOf(blobs)) await unlink(blobs.files.pathOf(name));
      const again = await folders.openWrite('IN', 'FI.A', 'resume');
      expect(again.offset).to.equal(0);
      const bytes = randomBytes(LARGE);
      await again.write(0, bytes);
      await again.close();
      expect((await download(folders, 'IN', 'FI.A')).equals(bytes)).to.equal(true);
      expect(await filesOf(blobs)).to.have.lengthOf(1);
    });

    it('bears that others remove files meanwhile, and leaves what is not its own', async () => {
      const { blobs } = landing;
      const made = [];
      for (let index = 0; index < 3; index += 1) made.push(await blobs.files.create());
      for (const { handle } of made) await handle.close();
      const first = made[0]?.name ?? '';
      const foreign = join(dirname(dirname(blobs.files.pathOf(first))), 'notes', 'readme.txt');
      await mkdir(dirname(foreign));
      await writeFile(foreign, 'x');
      const removals = [sweep(2 * HOUR), sweep(2 * HOUR)];
      expect((await Promise.all(removals)).reduce((sum, count) => sum + count, 0)).to.equal(3);
      expect(blobs.files.removeIfOlder(first, new Date(Date.now() + HOUR))).to.equal(false);
      expect(await blobs.files.touch(first)).to.equal(false);
      expect(await sweep(2 * HOUR)).to.equal(0);
    });
  });
}
