import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { EngineError, type ErrorCode } from '../../engine/core/errors.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import {
  claimFiles,
  createDigestOf,
  findLanded,
  findSet,
  placeFiles,
  readLanded,
} from '../../engine/landing/folder-files.ts';
import type { Arrival } from '../../engine/landing/folders.ts';
import { countPending, pendingArrivals } from '../../engine/landing/pending-arrivals.ts';
import { sweepParts } from '../../engine/landing/sweep.ts';
import type { Db } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { filesOf } from '../support/content.ts';
import { STORES, type StoreKind } from '../support/database.ts';
import { download, openTestLanding, type TestLanding, type TestLandingOptions, upload } from '../support/landing.ts';

for (const kind of STORES) contract(kind);

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

async function refusal(code: ErrorCode, action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
  } catch (error) {
    expect(error, String(error)).to.be.instanceOf(EngineError);
    expect((error as EngineError).code).to.equal(code);
    return (error as EngineError).message;
  }
  throw new Error(`expected ${code}, but nothing was refused`);
}

/** What the sender's folders must do, whatever the store. */
function contract(kind: StoreKind): void {
  describe(`folders contract: ${kind}`, () => {
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

    for (const size of [0, 10, 100_000]) {
      it(`takes a file of ${size} bytes in once, however often and by how many it is brought`, async () => {
        const { db, folders, arrivals } = landing;
        const bytes = randomBytes(size);
        const bring = (name: string) => folders.takeIn('IN', name, Readable.from([bytes]), `claim:${name}`);
        await Promise.all(['FI.A', 'FI.A', 'FI.A'].map(bring));
        const landed = await findLanded(db, '123456', 'IN', 'FI.A');
        expect(landed).to.include({ size, sha256: sha256(bytes) });
        await bring('GO.A');
        expect(await inTransaction(db, (tx) => claimFiles(tx, [landed!.id], landing.now))).to.equal(true);
        await Promise.all(['FI.A', 'GO.A'].map(bring));
        expect((await folders.list('IN')).map(({ name }) => name)).to.deep.equal(['GO.A']);
        expect(arrivals.map(({ name }) => name)).to.deep.equal(['GO.A', 'GO.A']); // safe to call again
      });
    }

    it('keeps nothing of a file that could not be taken in whole', async () => {
      async function* broken() {
        yield randomBytes(200_000);
        throw new Error('the source broke');
      }
      const error = await landing.folders.takeIn('IN', 'FI.A', broken(), 'claim').catch((thrown: unknown) => thrown);
      expect(error).to.have.property('message', 'the source broke');
      expect(await landing.folders.list('IN')).to.deep.equal([]);
      expect(await filesOf(landing.blobs)).to.deep.equal([]);
    });

    const sizes = [0, 1, 4_096, 65_535, 65_536, 65_537, 3_000_000];
    for (const size of sizes) {
      it(`gives back ${size} bytes as they came, with their SHA-256`, async () => {
        const bytes = randomBytes(size);
        await upload(landing.folders, 'IN', 'FI.A', bytes);
        expect((await download(landing.folders, 'IN', 'FI.A')).equals(bytes)).to.equal(true);
        const landed = await findLanded(landing.db, '123456', 'IN', 'FI.A');
        expect(landed).to.include({ name: 'FI.A', size, sha256: sha256(bytes) });
      });

      it(`makes ${size} bytes a blob when they are claimed`, async () => {
        const { db, blobs, folders } = landing;
        const bytes = randomBytes(size);
        await upload(folders, 'IN', 'FI.A', bytes);
        const landed = (await findLanded(db, '123456', 'IN', 'FI.A'))!;
        expect(await inTransaction(db, (tx) => claimFiles(tx, [landed.id], landing.now))).to.equal(true);
        expect(await folders.list('IN')).to.deep.equal([]);
        const pieces: Buffer[] = [];
        for await (const piece of await blobs.read(db, landed.sha256)) pieces.push(piece);
        expect(Buffer.concat(pieces).equals(bytes)).to.equal(true);
      });
    }

    it('takes the pieces of a file in any order, and overlapping', async () => {
      const bytes = randomBytes(400_000);
      for (const [name, step] of [
        ['FI.SMALL', 10_000],
        ['FI.LARGE', 100_000],
      ] as const) {
        const part = bytes.subarray(0, step * 4);
        const file = await landing.folders.openWrite('IN', name, 'create');
        for (const index of [3, 1, 0, 2, 1]) {
          await file.write(index * step, part.subarray(index * step, (index + 1) * step));
        }
        await file.close();
        expect(await findLanded(landing.db, '123456', 'IN', name)).to.include({ sha256: sha256(part) });
      }
    });

    it('fills a gap with zeros, and cuts a file', async () => {
      const file = await landing.folders.openWrite('IN', 'FI.A', 'create');
      await file.write(100_000, Buffer.from('end'));
      await file.write(0, Buffer.from('begin'));
      await file.truncate(100_001);
      await file.close();
      const bytes = await download(landing.folders, 'IN', 'FI.A');
      expect(bytes.length).to.equal(100_001);
      expect(bytes.toString('latin1').replaceAll('\0', '')).to.equal('begine');
      expect(await findLanded(landing.db, '123456', 'IN', 'FI.A')).to.include({ sha256: sha256(bytes) });
    });

    it('replaces a file that is written again, small by large and large by small, leaving no file over', async () => {
      const { folders, db, blobs } = landing;
      for (const size of [10, 100_000, 200_000, 20]) {
        const bytes = randomBytes(size);
        await upload(folders, 'IN', 'FI.A', bytes);
        expect((await download(folders, 'IN', 'FI.A')).equals(bytes)).to.equal(true);
      }
      expect(await db('folder_files').count('* as n').first()).to.satisfy((row: { n: unknown }) => Number(row.n) === 1);
      expect(await filesOf(blobs)).to.deep.equal([]);
    });

    for (const size of [5_000, 300_000]) {
      it(`keeps ${size} bytes of an interrupted upload, shows them, hides them from the intake and goes on after them`, async () => {
        const { folders, db } = landing;
        const bytes = randomBytes(size * 2);
        const first = await folders.openWrite('IN', 'FI.A', 'create');
        await first.write(0, bytes.subarray(0, size));
        await first.abandon();
        expect(await folders.list('IN')).to.have.lengthOf(1);
        expect(await folders.stat('IN', 'FI.A')).to.include({ size, complete: false });
        expect(await findSet(db, '123456', 'IN', ['FI.'])).to.deep.equal([]);
        const second = await folders.openWrite('IN', 'FI.A', 'resume');
        expect(second.offset).to.equal(size);
        await second.write(size, bytes.subarray(size));
        await second.close();
        expect(await findLanded(db, '123456', 'IN', 'FI.A')).to.include({ sha256: sha256(bytes), size: size * 2 });
      });
    }

    for (const size of [5_000, 300_000]) {
      it(`leaves a complete file of ${size} bytes complete when it was only opened`, async () => {
        const { folders, db } = landing;
        const bytes = randomBytes(size);
        await upload(folders, 'IN', 'FI.A', bytes);
        const opened = await folders.openWrite('IN', 'FI.A', 'resume');
        expect(opened.offset).to.equal(size);
        await opened.abandon();
        expect(await findLanded(db, '123456', 'IN', 'FI.A')).to.include({ size, sha256: sha256(bytes) });
        expect((await download(folders, 'IN', 'FI.A')).equals(bytes)).to.equal(true);
      });
    }

    it('never lets one session write into what another has closed', async () => {
      const { folders, db, blobs, foldersOf } = landing;
      const bytes = randomBytes(200_000);
      const first = await folders.openWrite('IN', 'FI.A', 'create');
      await first.write(0, bytes);
      const second = await foldersOf({ number: '123456', channel: 'sftp' }).openWrite('IN', 'FI.A', 'resume');
      await second.write(second.offset, bytes.subarray(second.offset));
      await second.close();
      await first.write(0, Buffer.from('forged'));
      expect(await refusal('access_denied', () => first.close())).to.match(/another upload/);
      const file = (await findLanded(db, '123456', 'IN', 'FI.A'))!;
      expect(sha256(await readLanded({ db, blobs, file })))
        .to.equal(file.sha256)
        .and.to.equal(sha256(bytes));
      expect(await filesOf(blobs)).to.have.lengthOf(1);
    });

    it('refuses a claim when a file was written anew after it was found', async () => {
      const { folders, db } = landing;
      await upload(folders, 'IN', 'FI.A', Buffer.from('one'));
      const landed = (await findLanded(db, '123456', 'IN', 'FI.A'))!;
      await upload(folders, 'IN', 'FI.A', Buffer.from('two'));
      expect(await inTransaction(db, (tx) => claimFiles(tx, [landed.id], landing.now))).to.equal(false);
      expect(await folders.list('IN')).to.have.lengthOf(1);
      expect(await db('blobs').select('sha256')).to.deep.equal([]);
    });

    it('puts claimed files back when the transaction is rolled back', async () => {
      const { folders, db } = landing;
      const bytes = randomBytes(100_000);
      await upload(folders, 'IN', 'FI.A', bytes);
      const landed = (await findLanded(db, '123456', 'IN', 'FI.A'))!;
      await inTransaction(
        db,
        (tx) => claimFiles(tx, [landed.id], landing.now),
        () => false,
      );
      expect((await download(folders, 'IN', 'FI.A')).equals(bytes)).to.equal(true);
    });

    it('tells of a GO and a TD by upload and by rename, after the row is there and before the reply', async () => {
      const seen: string[] = [];
      const { folders, arrivals } = await open({
        onArrival: async ({ name, folder }) => {
          seen.push((await landing.db('folder_files').where({ name, folder, state: 'complete' }).first()).name);
        },
      });
      await upload(folders, 'IN', 'GO.A', Buffer.alloc(0));
      await upload(folders, 'INTEST', 'TD.B.part', Buffer.alloc(0));
      await upload(folders, 'IN', 'FI.A', Buffer.from('x'));
      await upload(folders, 'IN', 'go.A', Buffer.alloc(0));
      await folders.rename('INTEST', 'TD.B.part', 'TD.B');
      expect(arrivals).to.deep.equal([
        { sender: '123456', channel: 'sftp', folder: 'IN', name: 'GO.A' },
        { sender: '123456', channel: 'sftp', folder: 'INTEST', name: 'TD.B' },
      ]);
      expect(seen).to.deep.equal(['GO.A', 'TD.B']);
    });

    it('fails the upload of a GO when the intake does, and keeps its row for the next attempt', async () => {
      const { folders, db } = await open({ onArrival: () => Promise.reject(new Error('down')) });
      const failed = await upload(folders, 'IN', 'GO.A', Buffer.alloc(0)).then(
        () => '',
        (error: Error) => error.message,
      );
      expect(failed).to.equal('down');
      expect(await pendingIn(db)).to.deep.equal([{ sender: '123456', folder: 'IN', name: 'GO.A', channel: 'sftp' }]);
      expect(await countPending(db, new Date(), 10)).to.equal(1);
      expect(await countPending(db, new Date(0), 10)).to.equal(0);
    });

    it('answers for a moment about files that the intake has just taken, to the session that sent them', async () => {
      const { folders, db, foldersOf } = landing;
      await upload(folders, 'IN', 'GO.A', Buffer.alloc(0));
      await db('folder_files').del();
      expect(await folders.stat('IN', 'GO.A')).to.include({ size: 0, complete: true });
      await folders.setModified('IN', 'GO.A', new Date());
      await refusal('not_found', () => foldersOf({ number: '123456', channel: 'sftp' }).stat('IN', 'GO.A'));
      landing.now = new Date(landing.now.getTime() + 60_000);
      await refusal('not_found', () => folders.stat('IN', 'GO.A'));
    });

    it('finds the files of a set by their prefixes, by bytes and without patterns', async () => {
      const { folders, db, foldersOf } = landing;
      for (const name of ['FI.A.1', 'FI.A.2', 'FS.A.1', 'FI.B.1', 'fi.A.1', 'FI%A']) {
        await upload(folders, 'IN', name, Buffer.from(name));
      }
      await upload(folders, 'INTEST', 'FI.A.9', Buffer.from('other folder'));
      await upload(foldersOf({ number: '654321', channel: 'sftp' }), 'IN', 'FI.A.8', Buffer.from('other sender'));
      const names = async (prefixes: string[]) => (await findSet(db, '123456', 'IN', prefixes)).map(({ name }) => name);
      expect(await names(['FI.A', 'FS.A'])).to.deep.equal(['FI.A.1', 'FI.A.2', 'FS.A.1']);
      expect(await names(['FI%'])).to.deep.equal(['FI%A']);
      expect(await names([])).to.deep.equal([]);
    });

    it('places several files at once, again under the same names, and by reference', async () => {
      const { folders, db, blobs } = landing;
      const large = randomBytes(100_000);
      for (let time = 0; time < 2; time += 1) {
        await inTransaction(db, async (tx) => {
          const { sha256: known } = await blobs.put(tx, large);
          const files = [
            { name: 'FO.A', sha256: known },
            { name: 'FS.A', bytes: Buffer.from('signature') },
            { name: 'GO.A', bytes: Buffer.alloc(0) },
          ];
          await placeFiles(tx, '123456', 'OUT', files, landing.now);
        });
      }
      expect((await folders.list('OUT')).map(({ name, size }) => [name, size])).to.deep.equal([
        ['FO.A', 100_000],
        ['FS.A', 9],
        ['GO.A', 0],
      ]);
      expect((await download(folders, 'OUT', 'FO.A')).equals(large)).to.equal(true);
      await folders.remove('OUT', 'FO.A');
      const removals = await db('audit').where({ what: 'file removed' }).select('who', 'subject');
      expect(removals).to.deep.equal([{ who: '123456', subject: 'OUT/FO.A' }]);
      await refusal('not_found', () => folders.openRead('OUT', 'FO.A'));
      expect(await pendingIn(db)).to.deep.equal([]);
    });

    it('lists in pages, in the order of the bytes of the names', async () => {
      const names = ['a', 'B', 'Z', 'é', 'b', '_', '~'];
      for (const name of names) await upload(landing.folders, 'IN', name, Buffer.from('x'));
      const pages: string[][] = [];
      for (let after = ''; ; after = pages.at(-1)!.at(-1)!) {
        const page = await landing.folders.list('IN', { after, limit: 3 });
        if (page.length === 0) break;
        pages.push(page.map(({ name }) => name));
      }
      expect(pages).to.deep.equal([['B', 'Z', '_'], ['a', 'b', '~'], ['é']]);
    });

    it('lets a sender neither write, rename nor touch in OUT, and keeps senders apart', async () => {
      const { folders, db, foldersOf } = landing;
      await placeFiles(db, '123456', 'OUT', [{ name: 'FO.A', bytes: Buffer.from('x') }], landing.now);
      await refusal('access_denied', () => folders.openWrite('OUT', 'FO.A', 'create'));
      await refusal('access_denied', () => folders.rename('OUT', 'FO.A', 'FO.B'));
      await refusal('access_denied', () => folders.setModified('OUT', 'FO.A', landing.now));
      const other = foldersOf({ number: '654321', channel: 'sftp' });
      expect(await other.list('OUT')).to.deep.equal([]);
      await refusal('not_found', () => other.openRead('OUT', 'FO.A'));
      await refusal('not_found', () => other.remove('OUT', 'FO.A'));
    });

    it('renames only to a name that is free', async () => {
      const { folders } = landing;
      await upload(folders, 'IN', 'a.part', Buffer.from('a'));
      await upload(folders, 'IN', 'b', Buffer.from('b'));
      await refusal('access_denied', () => folders.rename('IN', 'a.part', 'b'));
      await refusal('not_found', () => folders.rename('IN', 'missing', 'c'));
      await folders.rename('IN', 'a.part', 'c');
      expect((await download(folders, 'IN', 'c')).toString()).to.equal('a');
    });

    it('removes a pending file and gives its space back', async () => {
      const { folders, blobs } = landing;
      await upload(folders, 'IN', 'FI.A', randomBytes(100_000));
      await folders.remove('IN', 'FI.A');
      expect(await filesOf(blobs)).to.deep.equal([]);
      await refusal('not_found', () => folders.remove('IN', 'FI.A'));
    });

    it('keeps one name for both Unicode forms of a letter', async () => {
      await upload(landing.folders, 'IN', 'e\u0301', Buffer.from('decomposed'));
      expect((await download(landing.folders, 'IN', '\u00e9')).toString()).to.equal('decomposed');
      await upload(landing.folders, 'IN', '\u00e9', Buffer.from('composed'));
      expect(await landing.folders.list('IN')).to.have.lengthOf(1);
    });

    it('refuses what goes over a limit, and nothing else', async () => {
      const limits = { fileBytes: 200_000, folderFiles: 3, partialBytes: 150_000 };
      const { folders } = await open({ limits });
      const large = await folders.openWrite('IN', 'FI.A', 'create');
      await large.write(0, Buffer.alloc(199_999));
      await refusal('limit_exceeded', () => large.write(199_999, Buffer.alloc(2)));
      await large.abandon();
      landing.now = new Date(landing.now.getTime() + 2_000);
      await refusal('limit_exceeded', () => folders.openWrite('IN', 'FI.B', 'create'));
      await folders.remove('IN', 'FI.A');
      landing.now = new Date(landing.now.getTime() + 2_000);
      for (const name of ['1', '2', '3']) await upload(folders, 'IN', name, Buffer.from('x'));
      await refusal('limit_exceeded', () => folders.openWrite('IN', '4', 'create'));
      await upload(folders, 'INTEST', '4', Buffer.from('x'));
    });

    it('sweeps files that no row names, and those only, when they are old enough', async () => {
      const { folders, db, blobs } = landing;
      await upload(folders, 'IN', 'FI.A', randomBytes(100_000));
      const partial = await folders.openWrite('IN', 'FI.B', 'create');
      await partial.write(0, randomBytes(100_000));
      await partial.abandon();
      const left = await blobs.files.create();
      await left.handle.close();
      const sweep = (graceMs: number) =>
        sweepParts({ db, blobs, clock: () => new Date(), log: silentLogger(), graceMs });
      expect(await sweep(60_000)).to.equal(0);
      expect(await sweep(-60_000)).to.equal(1);
      expect(await folders.stat('IN', 'FI.B')).to.include({ size: 100_000, complete: false });
      expect((await download(folders, 'IN', 'FI.A')).length).to.equal(100_000);
    });

    it('knows the digest of the text form from the upload, and reads the content for any other', async () => {
      const { folders, db, blobs } = landing;
      const text = Buffer.from('<a>\n<b/>\r\n</a>\n');
      const canonical = Buffer.from('<a>\r\n<b/>\r\n</a>\r\n');
      await upload(folders, 'IN', 'FI.A', text);
      const file = (await findLanded(db, '123456', 'IN', 'FI.A'))!;
      const digestOf = createDigestOf({ db, blobs, file });
      const of = (algorithm: string, bytes: Buffer) => createHash(algorithm).update(bytes).digest('hex');
      for (const algorithm of ['sha256', 'sha384', 'sha512']) {
        expect((await digestOf(algorithm, 'raw')).toString('hex')).to.equal(of(algorithm, text));
        expect((await digestOf(algorithm, 'text')).toString('hex')).to.equal(of(algorithm, canonical));
      }
    });

    it('knows every digest of a large file from the upload', async () => {
      const { folders, db, blobs } = landing;
      const text = Buffer.from('line\n'.repeat(40_000));
      await upload(folders, 'IN', 'FI.A', text);
      const file = (await findLanded(db, '123456', 'IN', 'FI.A'))!;
      await db('folder_files').update({ file: null }); // nobody can read it any more
      const digestOf = createDigestOf({ db, blobs, file });
      const canonical = Buffer.from('line\r\n'.repeat(40_000));
      for (const algorithm of ['sha256', 'sha384', 'sha512']) {
        const expected = (bytes: Buffer) => createHash(algorithm).update(bytes).digest('hex');
        expect((await digestOf(algorithm, 'raw')).toString('hex')).to.equal(expected(text));
        expect((await digestOf(algorithm, 'text')).toString('hex')).to.equal(expected(canonical));
      }
    });

    it('reads the content for the text form of a file that was too large to be followed', async () => {
      const { folders, db, blobs } = await open({ limits: { textDigestBytes: 100_000 } });
      const text = Buffer.from('line\n'.repeat(40_000));
      await upload(folders, 'IN', 'FI.A', text);
      const file = (await findLanded(db, '123456', 'IN', 'FI.A'))!;
      expect(file.digests).to.deep.equal({ textComplete: false });
      const canonical = Buffer.from('line\r\n'.repeat(40_000));
      const digest = await createDigestOf({ db, blobs, file })('sha256', 'text');
      expect(digest.toString('hex')).to.equal(sha256(canonical));
    });
  });
}

async function pendingIn(db: Db) {
  const pending: Arrival[] = [];
  for await (const arrival of pendingArrivals(db, new Date())) pending.push(arrival);
  return pending;
}
