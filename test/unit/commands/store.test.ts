import { hash, randomBytes } from 'node:crypto';
import { truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { silentLogger } from '../../../engine/core/logger.ts';
import { type BlobRef, type BlobStore, createBlobStore } from '../../../engine/store/blobs.ts';
import type { Db } from '../../../engine/store/database.ts';
import { inTransaction } from '../../../engine/store/transaction.ts';
import { useBode } from '../../support/command-runner.ts';
import { filesOf } from '../../support/content.ts';
import { nameContent } from '../../support/content-rows.ts';
import { openTestStore } from '../../support/database.ts';
import { temporaryDir } from '../../support/pki.ts';

const DAYS_AGO = new Date(Date.now() - 3 * 86_400_000);

describe('bode store', () => {
  const bode = useBode();
  let db: Db;
  let blobs: BlobStore;
  let dir: string;
  let close: () => Promise<void>;

  beforeEach(async () => {
    const [store, temporary] = [await openTestStore(), await temporaryDir()];
    ({ db } = store);
    ({ dir } = temporary);
    blobs = createBlobStore({
      dir: join(dir, 'data/blobs'),
      log: silentLogger(),
      inlineBytes: 100,
      clock: () => DAYS_AGO,
    });
    await writeFile(join(dir, 'bode.yaml'), `store: { url: "${store.url}" }\n`);
    close = async () => {
      await store.close();
      await temporary.remove();
    };
  });
  afterEach(() => close());

  const run = (...args: string[]) => bode(['store', ...args], dir);
  const check = async (...args: string[]) => JSON.parse((await run('check', '--json', ...args)).stdout);

  /** Content that a row names, small or large. */
  const named = (size: number): Promise<BlobRef> =>
    inTransaction(db, async (tx) => {
      const ref = await blobs.put(tx, randomBytes(size));
      await nameContent(tx, 'attachments', 'sha256', ref.sha256);
      return ref;
    });
  const fileOf = async ({ sha256 }: BlobRef): Promise<string> =>
    blobs.files.pathOf((await db('blobs').where({ sha256 }).first()).file);

  async function leaveOver(): Promise<{ loose: string; unnamed: string; file: string }> {
    const loose = await blobs.prepare(db, Readable.from([randomBytes(400)]));
    const unnamed = await inTransaction(db, (tx) => blobs.put(tx, randomBytes(20)));
    const { name, handle } = await blobs.files.create();
    await handle.close();
    for (const each of await filesOf(blobs)) await utimes(blobs.files.pathOf(each), DAYS_AGO, DAYS_AGO);
    return { loose: loose.ref.sha256, unnamed: unnamed.sha256, file: name };
  }

  describe('check', () => {
    it('finds nothing wrong with a store that is whole, and ends with 0', async () => {
      await named(50);
      await named(500);
      const { status, stdout } = await run('check', '--deep');
      expect(stdout).to.equal('0 missing, 0 damaged; 0 blobs (0 bytes) and 0 files are left over\n');
      expect(status).to.equal(0);
    });

    it('names what is missing, and who names it, and ends with 1', async () => {
      const [large, small] = [await named(500), await named(50)];
      await unlink(await fileOf(large));
      await db('blobs').where({ sha256: small.sha256 }).delete();
      const { status, stdout } = await run('check');
      expect(status).to.equal(1);
      expect(stdout).to.match(
        new RegExp(`^missing  ${small.sha256}  named by attachments ${small.sha256.slice(0, 40)}$`, 'm'),
      );
      expect(stdout).to.match(new RegExp(`^missing  ${large.sha256}  there is no file `, 'm'));
      expect(stdout).to.match(/^2 missing, 0 damaged; /m);
    });

    it('sees a size that is wrong, and other bytes when it looks deep', async () => {
      const [short, other] = [await named(500), await named(500)];
      await truncate(await fileOf(short), 400);
      await writeFile(await fileOf(other), randomBytes(500));
      expect((await check()).damaged).to.deep.equal({
        count: 1,
        items: [{ subject: short.sha256, detail: '400 bytes instead of 500' }],
      });
      const { ok, damaged } = await check('--deep');
      expect([ok, damaged.count]).to.deep.equal([false, 2]);
    });

    it('looks at the files that wait in their folders', async () => {
      const { name, handle } = await blobs.files.create();
      await handle.writeFile('x');
      await handle.close();
      const row = { sender: '123456', folder: 'IN', state: 'complete', sha256: 'a'.repeat(64) };
      const at = { modified_at: DAYS_AGO.toISOString(), stored_at: DAYS_AGO.toISOString() };
      await db('folder_files').insert({ ...row, ...at, name: 'FI.A', size: 1, file: name });
      await db('folder_files').insert({ ...row, ...at, name: 'FI.B', size: 3, content: Buffer.from('abc') });
      expect(await check()).to.include({ ok: true });
      expect((await check('--deep')).damaged.count).to.equal(2);
      await unlink(blobs.files.pathOf(name));
      expect((await check()).missing.items).to.deep.equal([
        { subject: '123456/IN/FI.A', detail: `there is no file ${name}` },
      ]);
    });

    it('tells what is left over, and that this is nothing bad', async () => {
      const { loose, unnamed, file } = await leaveOver();
      const { ok, leftOver } = await check();
      expect(ok).to.equal(true);
      expect(leftOver.blobs.items.map(({ sha256 }: BlobRef) => sha256)).to.have.members([loose, unnamed]);
      expect([leftOver.bytes, leftOver.files]).to.deep.equal([420, { count: 1, items: [file] }]);
      expect((await check('--grace', '7d')).leftOver.blobs.count).to.equal(0);
    });
  });

  describe('sweep', () => {
    it('only says what it would do, without --yes', async () => {
      await leaveOver();
      const { status, stdout } = await run('sweep');
      expect(status).to.equal(0);
      expect(stdout).to.equal(
        '2 blobs (420 bytes) and 1 files would be deleted; 0 more blobs that no row names are too young\n' +
          'Nothing was done: repeat with --yes\n',
      );
      expect(await db('blobs')).to.have.lengthOf(2);
    });

    it('deletes what no row names, unless it is young, and says who did it', async () => {
      await leaveOver();
      const young = randomBytes(30);
      const sha256 = hash('sha256', young, 'hex');
      await db('blobs').insert({ sha256, size: 30, content: young, stored_at: new Date().toISOString() });
      const kept = [await named(50), await named(500)].map(({ sha256 }) => sha256);
      const { stdout } = await run('sweep', '--yes');
      expect(stdout).to.equal(
        '2 blobs (420 bytes) and 1 files deleted; 1 more blobs that no row names are too young\n',
      );
      const hashes = (await db('blobs')).map(({ sha256 }) => sha256);
      expect(hashes).to.have.members([sha256, ...kept]);
      const [line] = await db('audit').where({ what: 'content collected' });
      expect(line.who).to.be.a('string').and.not.equal('engine');
    });

    it('leaves nothing over without a grace, which only a store that no engine uses may have', async () => {
      await leaveOver();
      const kept = [await named(50), await named(500)].map(({ sha256 }) => sha256);
      const refused = await run('sweep', '--grace', '0s', '--yes');
      expect([refused.status, refused.stdout]).to.deep.equal([2, '']);
      expect((await run('sweep', '--grace', '0s', '--stopped', '--yes')).status).to.equal(0);
      expect((await db('blobs')).map(({ sha256 }) => sha256)).to.have.members(kept);
      expect(await filesOf(blobs)).to.have.lengthOf(1);
      expect(await check('--deep', '--grace', '0s')).to.deep.include({ ok: true });
    });

    it('says what a duration looks like', async () => {
      const { status, stderr } = await run('sweep', '--grace', 'soon');
      expect(status).to.equal(2);
      expect(stderr).to.include('like 30m, 24h or 7d');
    });
  });
});
