import { readdir } from 'node:fs/promises';
import { expect } from 'chai';
import { EngineError } from '../../engine/core/errors.ts';
import { isSqlite } from '../../engine/store/database.ts';
import { STORES } from '../support/database.ts';
import { download, openTestLanding, type TestLanding, type TestLandingOptions, upload } from '../support/landing.ts';

const MIB = 2 ** 20;
const SENTENCE = 'the server has too little free space; try again later';

async function refusal(work: () => Promise<unknown>): Promise<string> {
  const error = await work().then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).to.be.instanceOf(EngineError).with.property('code', 'limit_exceeded');
  return (error as EngineError).message;
}

for (const kind of STORES) {
  describe(`the sender's folders on a disk that fills up: ${kind}`, () => {
    let landing: TestLanding;
    let free: number;

    async function open(options: TestLandingOptions = {}): Promise<TestLanding> {
      free = 600 * MIB;
      landing = await openTestLanding({ kind, freeBytes: async () => free, ...options });
      return landing;
    }
    afterEach(() => landing.close());

    const rows = () => landing.db('folder_files').select('name', 'state').orderBy('name');
    async function blobFiles(): Promise<number> {
      const dir = landing.blobs.files.pathOf(`00/${'0'.repeat(30)}`).slice(0, -34);
      const names = await readdir(dir, { recursive: true }).catch(() => [] as string[]);
      return names.filter((name) => name.length > 2).length;
    }

    it('refuse uploads under the threshold, and take them again above it', async () => {
      const { folders } = await open();
      free = 512 * MIB - 1;
      for (const mode of ['create', 'resume'] as const) {
        expect(await refusal(() => folders.openWrite('IN', 'a', mode))).to.equal(SENTENCE);
      }
      expect(await rows()).to.deep.equal([]);
      free = 512 * MIB;
      await upload(folders, 'IN', 'a', Buffer.from('content'));
      expect(await rows()).to.deep.equal([{ name: 'a', state: 'complete' }]);
    });

    it('let files be fetched, listed, renamed and removed under the threshold', async () => {
      const { folders } = await open();
      await upload(folders, 'IN', 'a', Buffer.from('content'));
      free = 0;
      expect((await download(folders, 'IN', 'a')).toString()).to.equal('content');
      await folders.rename('IN', 'a', 'b');
      expect((await folders.list('IN')).map(({ name }) => name)).to.deep.equal(['b']);
      await folders.remove('IN', 'b');
      expect(await rows()).to.deep.equal([]);
    });

    it('refuse nothing when the threshold is 0', async () => {
      const { folders } = await open({ limits: { minFreeBytes: 0 } });
      free = 0;
      await upload(folders, 'IN', 'a', Buffer.from('content'));
      expect(await rows()).to.have.length(1);
    });

    it('end a large upload that would use up the rest, and keep nothing of it', async () => {
      const { folders } = await open();
      const file = await folders.openWrite('IN', 'large', 'create');
      await file.write(0, Buffer.alloc(8 * MIB));
      expect([await rows(), await blobFiles()]).to.deep.equal([[{ name: 'large', state: 'partial' }], 1]);
      free = 0;
      expect(await refusal(() => file.write(8 * MIB, Buffer.alloc(8 * MIB)))).to.equal(SENTENCE);
      expect([await rows(), await blobFiles()]).to.deep.equal([[], 0]);
      expect(await refusal(() => file.write(16 * MIB, Buffer.alloc(1)))).to.equal(SENTENCE);
      expect(await refusal(() => file.close())).to.equal(SENTENCE);
      await file.abandon();
      free = 600 * MIB;
      await upload(folders, 'IN', 'large', Buffer.alloc(MIB, 1), 65_536);
      expect(await download(folders, 'IN', 'large')).to.deep.equal(Buffer.alloc(MIB, 1));
    });

    it('leave alone what another upload has put under the name meanwhile', async () => {
      const { folders, foldersOf } = await open();
      const first = await folders.openWrite('IN', 'large', 'create');
      await first.write(0, Buffer.alloc(8 * MIB));
      const other = foldersOf({ number: '123456', channel: 'sftp' });
      await upload(other, 'IN', 'large', Buffer.alloc(MIB, 2), 65_536);
      free = 0;
      expect(await refusal(() => first.write(8 * MIB, Buffer.alloc(8 * MIB)))).to.equal(SENTENCE);
      expect(await download(other, 'IN', 'large')).to.deep.equal(Buffer.alloc(MIB, 2));
      expect(await blobFiles()).to.equal(1);
    });

    it('do not begin a copy of what is there when it would not fit', async () => {
      const { folders } = await open();
      const partial = await folders.openWrite('IN', 'large', 'create');
      await partial.write(0, Buffer.alloc(2 * MIB, 3));
      await partial.abandon();
      free = 513 * MIB;
      const refused = await folders.openWrite('IN', 'large', 'resume');
      expect(await refusal(() => refused.write(2 * MIB, Buffer.from('x')))).to.equal(SENTENCE);
      expect(await refusal(() => refused.close())).to.equal(SENTENCE);
      free = 514 * MIB;
      const resumed = await folders.openWrite('IN', 'large', 'resume');
      expect(resumed.offset).to.equal(2 * MIB);
      await resumed.write(2 * MIB, Buffer.from('x'));
      await resumed.close();
      const whole = Buffer.concat([Buffer.alloc(2 * MIB, 3), Buffer.from('x')]);
      expect(await download(folders, 'IN', 'large')).to.deep.equal(whole);
      expect(await blobFiles()).to.equal(1);
    });

    if (kind === 'sqlite') {
      it('refuse a small file that the database has no room for, and keep what was there', async () => {
        const { folders, db } = await open();
        expect(isSqlite(db)).to.equal(true);
        await upload(folders, 'IN', 'a', Buffer.from('content'));
        const [{ page_count: pages }] = await db.raw('pragma page_count');
        await db.raw(`pragma max_page_count = ${pages}`);
        const large = Buffer.alloc(60_000, 4);
        expect(await refusal(() => upload(folders, 'IN', 'a', large))).to.equal(SENTENCE);
        expect(await refusal(() => upload(folders, 'IN', 'b', large))).to.equal(SENTENCE);
        expect((await download(folders, 'IN', 'a')).toString()).to.equal('content');
        expect(await rows()).to.deep.equal([{ name: 'a', state: 'complete' }]);
        await db.raw('pragma max_page_count = 1000000');
        await upload(folders, 'IN', 'b', large);
        expect(await download(folders, 'IN', 'b')).to.deep.equal(large);
      });
    }
  });
}
