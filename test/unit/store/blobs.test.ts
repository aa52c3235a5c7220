import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { silentLogger } from '../../../engine/core/logger.ts';
import { type BlobStore, createBlobStore } from '../../../engine/store/blobs.ts';
import type { Db } from '../../../engine/store/database.ts';
import { inTransaction } from '../../../engine/store/transaction.ts';
import { openTestStore } from '../../support/database.ts';

describe('blob store', () => {
  let db: Db;
  let blobs: BlobStore;
  let dir: string;
  let close: () => Promise<void>;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'bode-blobs-'));
    ({ db, close } = await openTestStore());
    blobs = createBlobStore({ dir, log: silentLogger(), inlineBytes: 1_000 });
  });

  afterEach(async () => {
    await close();
    await rm(dir, { recursive: true, force: true });
  });

  const read = async (sha256: string, range?: { start: number; end: number }) => {
    const pieces: Buffer[] = [];
    for await (const piece of await blobs.read(db, sha256, range)) pieces.push(piece);
    return Buffer.concat(pieces);
  };
  const stream = async (pieces: Buffer[]) => {
    const prepared = await blobs.prepare(db, Readable.from(pieces));
    return inTransaction(db, (tx) => blobs.keep(tx, prepared));
  };
  const filesOnDisk = async () => (await readdir(dir, { recursive: true })).filter((name) => name.includes('/'));

  for (const size of [0, 1, 1_000, 1_001, 3_000_000]) {
    it(`gives back ${size} bytes, and any range of them, as put and as streamed`, async () => {
      const bytes = randomBytes(size);
      const expected = { sha256: createHash('sha256').update(bytes).digest('hex'), size };
      expect(await inTransaction(db, (tx) => blobs.put(tx, bytes))).to.deep.equal(expected);
      const pieces = [bytes.subarray(0, size / 3), bytes.subarray(size / 3)];
      expect(await stream(pieces)).to.deep.equal(expected);
      expect((await read(expected.sha256)).equals(bytes)).to.equal(true);
      const range = { start: Math.floor(size / 4), end: Math.floor(size / 2) };
      expect((await read(expected.sha256, range)).equals(bytes.subarray(range.start, range.end))).to.equal(true);
    });
  }

  describe('contents in hand', () => {
    const contents = () => [randomBytes(5_000), randomBytes(10), randomBytes(70_000), Buffer.alloc(0)];
    const keepAll = (set: Awaited<ReturnType<BlobStore['setAside']>>, store = blobs) =>
      inTransaction(db, (tx) => store.keepAll(tx, set));

    it('are set aside together and kept together, large ones beside each other', async () => {
      const all = contents();
      const aside = await blobs.setAside(all);
      expect(await db('blobs').select('sha256')).to.deep.equal([]);
      const files = await filesOnDisk();
      expect(files).to.have.lengthOf(2);
      expect(files[0]?.slice(0, 2)).to.equal(files[1]?.slice(0, 2));
      const refs = await keepAll(aside);
      for (const [index, { sha256 }] of refs.entries()) {
        expect((await read(sha256)).equals(all[index] as Buffer)).to.equal(true);
      }
    });

    it('leave no second file of what is there, loose or not, nor of one content twice', async () => {
      const all = contents();
      await blobs.prepare(db, Readable.from([all[0]]));
      const [large] = await keepAll(await blobs.setAside([all[2] as Buffer]));
      const refs = await keepAll(await blobs.setAside([...all, Buffer.from(all[0] as Buffer)]));
      expect(refs[2]).to.deep.equal(large);
      expect(refs[4]).to.deep.equal(refs[0]);
      expect(await filesOnDisk()).to.have.lengthOf(2);
      expect(await db('blobs').whereNotNull('loose_since').select('sha256')).to.deep.equal([]);
      for (const [index, bytes] of all.entries()) {
        expect((await read(refs[index]?.sha256 ?? '')).equals(bytes)).to.equal(true);
      }
    });

    it('are not kept when the sweep of files may be about to remove them, and go when nobody wants them', async () => {
      let now = new Date('2026-11-27T12:00:00Z');
      const store = createBlobStore({ dir, log: silentLogger(), inlineBytes: 1_000, clock: () => now });
      const aside = await store.setAside(contents());
      now = new Date(now.getTime() + 1_800_001);
      const failed = await keepAll(aside, store).catch((error: unknown) => error);
      expect(failed).to.include({ code: 'blob_missing' });
      expect(await db('blobs').select('sha256')).to.deep.equal([]);
      await store.discard(aside);
      expect(await filesOnDisk()).to.deep.equal([]);
    });
  });

  it('stores the same content once, and leaves no second file', async () => {
    const bytes = randomBytes(5_000);
    for (let time = 0; time < 3; time += 1) await stream([bytes]);
    expect(await db('blobs').select('size')).to.deep.equal([{ size: 5_000 }]);
    expect(await filesOnDisk()).to.have.lengthOf(1);
  });

  it('keeps small content in the transaction of the caller', async () => {
    await inTransaction(
      db,
      (tx) => blobs.put(tx, Buffer.from('x')),
      () => false,
    );
    expect(await db('blobs').select('sha256')).to.deep.equal([]);
  });

  it('points to the file of large content', async () => {
    const bytes = randomBytes(5_000);
    const { sha256 } = await stream([bytes]);
    const source = await blobs.open(db, sha256);
    expect(source).to.include({ kind: 'file', size: 5_000 });
    expect((await readFile((source as { path: string }).path)).equals(bytes)).to.equal(true);
  });

  it('says blob_missing for content that it does not have', async () => {
    const error = await blobs.open(db, '0'.repeat(64)).catch((reason: unknown) => reason);
    expect(error).to.include({ code: 'blob_missing' });
  });

  it('leaves nothing behind when a stream breaks', async () => {
    async function* broken() {
      yield randomBytes(2_000);
      throw new Error('cut off');
    }
    const error = await blobs.prepare(db, Readable.from(broken())).catch((reason: Error) => reason.message);
    expect(error).to.equal('cut off');
    expect(await filesOnDisk()).to.deep.equal([]);
    expect(await db('blobs').select('sha256')).to.deep.equal([]);
  });
});
