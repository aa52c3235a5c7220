import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { silentLogger } from '../../engine/core/logger.ts';
import type { PatientScan } from '../../engine/pipelines/antivirus/patience.ts';
import { createScanSet, type ScanSet } from '../../engine/pipelines/antivirus/scan-set.ts';
import { virusFound } from '../../engine/pipelines/antivirus/virus-found.ts';
import { type BlobRef, type BlobStore, createBlobStore } from '../../engine/store/blobs.ts';
import { collectContent } from '../../engine/store/collect.ts';
import type { Db } from '../../engine/store/database.ts';
import { quarantine, quarantinedAmong, release } from '../../engine/store/quarantine.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import type { SubmissionFile } from '../../engine/submissions/submissions.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';

const NOW = new Date('2026-11-26T10:00:00.000Z');

for (const kind of STORES) contract(kind);

/** What it means that content is kept apart, whatever the store. */
function contract(kind: StoreKind): void {
  describe(`quarantine contract: ${kind}`, () => {
    let db: Db;
    let blobs: BlobStore;
    let close: () => Promise<void>;
    let scanned: string[];
    let verdict: Awaited<ReturnType<PatientScan['scan']>>;
    let scan: ScanSet;

    beforeEach(async () => {
      const store = await openTestStore(kind);
      const dir = await mkdtemp(join(tmpdir(), 'bode-blobs-'));
      ({ db } = store);
      blobs = createBlobStore({ dir, log: silentLogger() });
      close = async () => {
        await store.close();
        await rm(dir, { recursive: true, force: true });
      };
      scanned = [];
      verdict = { kind: 'clean' };
      const patient: PatientScan = {
        async scan(content) {
          const pieces: Buffer[] = [];
          for await (const piece of content) pieces.push(piece);
          scanned.push(Buffer.concat(pieces).toString('latin1').slice(0, 20));
          return verdict;
        },
      };
      scan = createScanSet({ db, blobs, patient, maxBytes: 100_000 });
    });
    afterEach(() => close());

    const put = (bytes: Buffer) => inTransaction(db, (tx) => blobs.put(tx, bytes));
    const apart = ({ sha256 }: BlobRef, ticket = 'AAAAAAAAAAAA1', foundAt = NOW) =>
      inTransaction(db, (tx) => quarantine(tx, { sha256, signature: 'Eicar', ticket, sender: '123456', foundAt }));
    const codeOf = (work: Promise<unknown>) =>
      work.then(
        () => 'read',
        ({ code }) => code,
      );
    const files = (refs: readonly BlobRef[]) =>
      refs.map((ref, at): SubmissionFile => ({ ...ref, name: `FI.${at}`, role: 'FI', part: at }));
    const context = { now: NOW, log: silentLogger(), signal: new AbortController().signal };

    for (const size of [10, 70_000]) {
      it(`gives ${size} bytes that are kept apart to nobody, and to everybody after they were released`, async () => {
        const [kept, other] = [await put(randomBytes(size)), await put(randomBytes(size))];
        await apart(kept);
        for (const read of [blobs.open, blobs.read]) {
          expect(await codeOf(read(db, kept.sha256))).to.equal('content_quarantined');
          expect(await codeOf(read(db, other.sha256))).to.equal('read');
        }
        const decision = { sha256: kept.sha256, by: 'ann', reason: 'false alarm', now: NOW };
        expect(await release(db, decision)).to.equal(true);
        expect(await release(db, decision)).to.equal(false);
        expect(await codeOf(blobs.open(db, kept.sha256))).to.equal('read');
      });
    }

    it('keeps what was found first, and audits it once', async () => {
      const ref = await put(Buffer.from('x'));
      await apart(ref);
      await apart(ref, 'BBBBBBBBBBBB2');
      expect([...(await quarantinedAmong(db, [ref.sha256, 'f'.repeat(64)]))]).to.deep.equal([[ref.sha256, 'Eicar']]);
      expect(await db('quarantine').select('ticket')).to.deep.equal([{ ticket: 'AAAAAAAAAAAA1' }]);
      expect(await db('audit').where({ what: 'content quarantined' }).select('subject')).to.have.length(1);
    });

    it('is an alert for each submission, for a day', async () => {
      const [one, two, old] = [await put(Buffer.of(1)), await put(Buffer.of(2)), await put(Buffer.of(3))];
      await apart(one);
      await apart(two);
      await apart(old, 'BBBBBBBBBBBB2', new Date(NOW.getTime() - 86_400_001));
      const found = await virusFound().find(db, NOW);
      expect(found.map(({ subject }) => subject)).to.deep.equal(['AAAAAAAAAAAA1']);
    });

    it('is not collected while it is kept apart', async () => {
      const prepared = await blobs.prepare(db, Readable.from([randomBytes(70_000)]));
      await apart(prepared.ref);
      const later = () => new Date(Date.now() + 10 * 86_400_000);
      const graceMs = 3_600_000;
      await collectContent({ db, blobs, clock: later, log: silentLogger(), graceMs, signal: context.signal });
      expect(await db('blobs').where({ sha256: prepared.ref.sha256 }).select('size')).to.have.length(1);
    });

    it('scans every file of a set but what is empty, and content that is kept apart not again', async () => {
      const refs = [await put(Buffer.from('first')), await put(Buffer.alloc(0)), await put(Buffer.from('third'))];
      expect(await scan(files(refs), context)).to.deep.equal({ kind: 'scanned', infected: [] });
      expect(scanned).to.deep.equal(['first', 'third']);
      await apart(refs[0]!);
      verdict = { kind: 'infected', signature: 'Other' };
      const result = await scan(files(refs), context);
      const infected = result.kind === 'scanned' ? result.infected : [];
      expect(infected.map(({ file, signature }) => `${file.name} ${signature}`)).to.deep.equal([
        'FI.0 Eicar',
        'FI.2 Other',
      ]);
      expect(scanned).to.deep.equal(['first', 'third', 'third']);
    });

    it('lets a set wait or be given up, never through, that could not be scanned', async () => {
      const [small, large] = [await put(Buffer.from('small')), await put(randomBytes(100_001))];
      verdict = { kind: 'away', delayMs: 5 };
      expect(await scan(files([small]), context)).to.deep.equal({
        kind: 'later',
        delayMs: 5,
        reason: 'the virus scanner was away',
      });
      verdict = { kind: 'unscannable', reason: 'too deep' };
      expect(await scan(files([small]), context)).to.deep.include({ kind: 'reject', code: 'content_unscannable' });
      verdict = { kind: 'clean' };
      expect(await scan(files([small, large]), context)).to.deep.include({
        kind: 'reject',
        code: 'content_unscannable',
      });
      expect(scanned).to.deep.equal(['small', 'small', 'small']); // the large one was not even begun
    });
  });
}
