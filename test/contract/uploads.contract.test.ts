import { createHash, randomBytes } from 'node:crypto';
import { truncate } from 'node:fs/promises';
import { expect } from 'chai';
import { findLanded } from '../../engine/landing/folder-files.ts';
import type { Folders } from '../../engine/landing/folders.ts';
import { filesOf } from '../support/content.ts';
import { STORES, type StoreKind } from '../support/database.ts';
import {
  download,
  openTestLanding,
  refusal,
  type TestLanding,
  type TestLandingOptions,
  upload,
} from '../support/landing.ts';

for (const kind of STORES) contract(kind);

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const MIB = 2 ** 20;

/** What uploads that are open at the same time, are continued, or are left must do, whatever the store. */
function contract(kind: StoreKind): void {
  describe(`uploads contract: ${kind}`, () => {
    let landing: TestLanding;
    const open = async (options: TestLandingOptions = {}) => {
      await landing?.close();
      landing = await openTestLanding({ kind, ...options });
      return landing;
    };
    beforeEach(async () => {
      landing = await openTestLanding({ kind });
    });
    afterEach(() => landing.close());

    const filesOnDisk = () => filesOf(landing.blobs);
    const later = () => {
      landing.now = new Date(landing.now.getTime() + 2_000);
    };

    /** Writes pieces of 1 MiB until something is refused; gives how many were taken. */
    async function fill(folders: Folders, name: string, mode: 'create' | 'resume' = 'create') {
      const file = await folders.openWrite('IN', name, mode);
      let taken = 0;
      for (; taken < 40; taken += 1) {
        const refused = await file.write(taken * MIB, Buffer.alloc(MIB)).then(
          () => undefined,
          (error: Error) => error,
        );
        if (refused) return { file, taken, sentence: refused.message };
      }
      return { file, taken, sentence: '' };
    }

    describe('limits', () => {
      for (const limit of ['folderBytes', 'partialBytes'] as const) {
        it(`count what is open, whatever its name: ${limit}`, async () => {
          const { folders, foldersOf } = await open({ limits: { [limit]: 10 * MIB } });
          const first = await fill(folders, 'FI.A');
          expect(first.taken).to.be.within(10, 14);
          expect(first.sentence).to.match(/^IN is full/);
          const other = foldersOf({ number: '123456', channel: 'sftp' });
          expect(await refusal('limit_exceeded', () => other.openWrite('IN', 'FI.A', 'create'))).to.match(/full/);
          const stranger = await fill(foldersOf({ number: '654321', channel: 'sftp' }), 'FI.A');
          expect(stranger.taken).to.be.within(10, 14);
          await Promise.all([first.file.abandon(), stranger.file.abandon()]);
        });
      }

      it('count what is open and what is stored together, also in uploads that were opened before', async () => {
        const { folders } = await open({ limits: { folderBytes: 10 * MIB } });
        const names = ['FI.A', 'FI.B', 'FI.A', 'FI.A'];
        const files = await Promise.all(names.map((name) => folders.openWrite('IN', name, 'create')));
        let taken = 0;
        for (const file of files) {
          for (let at = 0; at < 8; at += 1) {
            const written = file.write(at * MIB, Buffer.alloc(MIB)).then(() => 1);
            taken += await written.catch(() => 0);
          }
        }
        expect(taken).to.be.within(10, 14);
        await Promise.all(files.map((file) => file.abandon()));
      });

      it('give back what an upload took when it ends, and what a refused piece would have taken', async () => {
        const { folders } = await open({ limits: { partialBytes: 10 * MIB } });
        for (let round = 0; round < 3; round += 1) {
          const file = await folders.openWrite('IN', 'FI.A', 'create');
          for (let at = 0; at < 9; at += 1) await file.write(at * MIB, Buffer.alloc(MIB));
          for (let time = 0; time < 20; time += 1) await file.write(8 * MIB, Buffer.alloc(MIB));
          await file.close();
          later();
        }
        const { file } = await fill(folders, 'FI.B');
        await file.truncate(0);
        await file.write(0, Buffer.alloc(MIB));
        await file.close();
      });

      it('count open uploads as files', async () => {
        const { folders } = await open({ limits: { folderFiles: 3 } });
        const files = await Promise.all(['1', '2', '3'].map((name) => folders.openWrite('IN', name, 'create')));
        await refusal('limit_exceeded', () => folders.openWrite('IN', '4', 'create'));
        later();
        await refusal('limit_exceeded', () => folders.openWrite('IN', '4', 'create'));
        await Promise.all(files.map((file) => file.abandon()));
        later();
        await (await folders.openWrite('IN', '4', 'create')).close();
      });

      it('let an upload shrink, and be written over, in a folder that is full', async () => {
        const { folders } = await open({ limits: { folderBytes: 10 * MIB } });
        const early = await folders.openWrite('IN', 'FI.B', 'create');
        await early.write(0, Buffer.alloc(MIB));
        const { file } = await fill(folders, 'FI.A');
        await early.write(0, Buffer.alloc(MIB));
        await early.truncate(10);
        await refusal('limit_exceeded', () => early.write(10, Buffer.alloc(10 * MIB)));
        await early.close();
        expect(await folders.stat('IN', 'FI.B')).to.include({ size: 10 });
        await file.abandon();
      });

      it('refuse a hole of more than 16 MiB, written or cut', async () => {
        const file = await landing.folders.openWrite('IN', 'FI.A', 'create');
        await file.write(16 * MIB, Buffer.from('x'));
        await refusal('limit_exceeded', () => file.write(40 * MIB, Buffer.from('x')));
        expect(await refusal('limit_exceeded', () => file.truncate(32 * MIB + 2))).to.match(/16 MiB/);
        await file.truncate(32 * MIB + 1);
        await file.abandon();
      });
    });

    describe('opening to go on', () => {
      for (const size of [5_000, 300_000]) {
        it(`changes nothing of ${size} bytes until the first piece comes`, async () => {
          const { folders, db } = landing;
          await upload(folders, 'IN', 'FI.A', randomBytes(size));
          const before = [await db('folder_files'), await filesOnDisk()];
          const opened = [];
          for (let time = 0; time < 20; time += 1) opened.push(await folders.openWrite('IN', 'FI.A', 'resume'));
          expect([await db('folder_files'), await filesOnDisk()]).to.deep.equal(before);
          await Promise.all(opened.map((file, at) => (at % 2 ? file.close() : file.abandon())));
          expect([await db('folder_files'), await filesOnDisk()]).to.deep.equal(before);
        });

        it(`keeps the row of ${size} bytes until the changed upload ends`, async () => {
          const { folders, db } = landing;
          const bytes = randomBytes(size * 2);
          await upload(folders, 'IN', 'FI.A', bytes.subarray(0, size));
          const before = await db('folder_files');
          const file = await folders.openWrite('IN', 'FI.A', 'resume');
          await file.write(size, bytes.subarray(size));
          expect(await db('folder_files')).to.deep.equal(before);
          await file.close();
          expect(await findLanded(db, '123456', 'IN', 'FI.A')).to.include({ size: size * 2, sha256: sha256(bytes) });
          expect(await filesOnDisk()).to.have.lengthOf(size * 2 > 65_536 ? 1 : 0);
        });

        it(`makes ${size} bytes that are left changed a partial file`, async () => {
          const { folders, db } = landing;
          const bytes = randomBytes(size);
          await upload(folders, 'IN', 'FI.A', bytes);
          const file = await folders.openWrite('IN', 'FI.A', 'resume');
          await file.write(size, Buffer.from('more'));
          await file.abandon();
          expect(await folders.stat('IN', 'FI.A')).to.include({ size: size + 4, complete: false });
          expect(await findLanded(db, '123456', 'IN', 'FI.A')).to.equal(undefined);
        });

        it(`completes ${size} bytes that were left when nothing is missing`, async () => {
          const { folders, db } = landing;
          const bytes = randomBytes(size);
          const first = await folders.openWrite('IN', 'FI.A', 'create');
          await first.write(0, bytes);
          await first.abandon();
          await (await folders.openWrite('IN', 'FI.A', 'resume')).close();
          expect(await findLanded(db, '123456', 'IN', 'FI.A')).to.include({ size, sha256: sha256(bytes) });
        });
      }

      it('tells of a GO again, and sets its time, when it is closed as it was', async () => {
        const { folders, arrivals } = landing;
        await upload(folders, 'IN', 'GO.A', Buffer.from('x'));
        const file = await folders.openWrite('IN', 'GO.A', 'resume');
        file.setModified(new Date(0));
        await file.close();
        expect(arrivals).to.have.lengthOf(2);
        expect((await folders.stat('IN', 'GO.A')).modifiedAt).to.deep.equal(new Date(0));
      });

      it('leaves what was there, and no copy, when the copy is refused', async () => {
        const { folders, db } = landing;
        await upload(folders, 'IN', 'FI.A', randomBytes(200_000));
        const before = [await db('folder_files'), await filesOnDisk()];
        const file = await folders.openWrite('IN', 'FI.A', 'resume');
        const path = landing.blobs.files.pathOf((await filesOnDisk())[0] ?? '');
        await truncate(path, 100_000);
        await refusal('access_denied', () => file.write(200_000, Buffer.from('x')));
        await refusal('access_denied', () => file.write(200_000, Buffer.from('x')));
        await refusal('access_denied', () => file.close());
        expect([await db('folder_files'), await filesOnDisk()]).to.deep.equal(before);
      });
    });

    describe('a file that is renamed while it is uploaded', () => {
      it('keeps its content under the new name, and starts what that name starts', async () => {
        const { folders, db, arrivals } = landing;
        const bytes = randomBytes(300_000);
        const file = await folders.openWrite('IN', 'x.part', 'create');
        await file.write(0, bytes.subarray(0, 200_000));
        await folders.rename('IN', 'x.part', 'GO.A');
        expect(arrivals).to.deep.equal([]);
        await file.write(200_000, bytes.subarray(200_000));
        await file.close();
        expect(arrivals.map(({ name }) => name)).to.deep.equal(['GO.A']);
        expect((await download(folders, 'IN', 'GO.A')).equals(bytes)).to.equal(true);
        expect((await db('folder_files')).map(({ name }) => name)).to.deep.equal(['GO.A']);
      });

      it('is partial under the new name when it is left', async () => {
        const { folders } = landing;
        const bytes = randomBytes(200_000);
        const file = await folders.openWrite('IN', 'x.part', 'create');
        await file.write(0, bytes);
        await folders.rename('IN', 'x.part', 'y');
        await file.abandon();
        expect(await folders.stat('IN', 'y')).to.include({ size: 200_000, complete: false });
        const again = await folders.openWrite('IN', 'y', 'resume');
        await again.close();
        expect((await download(folders, 'IN', 'y')).equals(bytes)).to.equal(true);
      });

      it('does not lose what a new upload of the old name holds', async () => {
        const { folders } = landing;
        const [one, two] = [randomBytes(200_000), randomBytes(200_000)];
        const first = await folders.openWrite('IN', 'x', 'create');
        await first.write(0, one);
        await folders.rename('IN', 'x', 'y');
        const second = await folders.openWrite('IN', 'x', 'create');
        await second.write(0, two);
        await first.close();
        await second.close();
        expect((await download(folders, 'IN', 'y')).equals(one)).to.equal(true);
        expect((await download(folders, 'IN', 'x')).equals(two)).to.equal(true);
      });
    });
  });
}
