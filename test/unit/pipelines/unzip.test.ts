import { readdir } from 'node:fs/promises';
import { expect } from 'chai';
import { silentLogger } from '../../../engine/core/logger.ts';
import { looksZipped, unzip } from '../../../engine/pipelines/unzip.ts';
import { type BlobStore, createBlobStore } from '../../../engine/store/blobs.ts';
import type { Db } from '../../../engine/store/database.ts';
import { openTestStore } from '../../support/database.ts';
import { temporaryDir } from '../../support/pki.ts';
import { type ZipEntry, zipBytes } from '../../support/zips.ts';

const MOST = 1_000_000;
const TEXT = Buffer.from('<a/>'.repeat(50));

describe('a ZIP from outside', () => {
  let db: Db;
  let close: () => Promise<void>;
  let dir: string;
  let remove: () => Promise<void>;
  let blobs: BlobStore;

  before(async () => {
    ({ db, close } = await openTestStore());
    ({ dir, remove } = await temporaryDir());
    blobs = createBlobStore({ dir, log: silentLogger() });
  });
  after(async () => {
    await close();
    await remove();
  });

  const outcomeOf = (bytes: Buffer) => unzip({ kind: 'bytes', bytes }, MOST, db, blobs);
  async function codeOf(bytes: Buffer): Promise<string> {
    const outcome = await outcomeOf(bytes);
    return outcome.kind === 'fault' ? outcome.finding.code : 'taken';
  }

  it('is unpacked when it holds one file, whatever that is called', async () => {
    for (const name of ['a.xml', 'folder/a.xml', 'é'.repeat(100)]) {
      const outcome = await outcomeOf(zipBytes({ name, content: TEXT }));
      if (outcome.kind === 'fault') throw new Error(outcome.finding.detail);
      expect(outcome.prepared.bytes?.equals(TEXT), name).to.equal(true);
    }
    expect(looksZipped(zipBytes({ content: TEXT }))).to.equal(true);
  });

  const refused: Readonly<Record<string, [string, ZipEntry, number?]>> = {
    'that grows a thousand times': ['229', { content: Buffer.alloc(900_000) }],
    'of which the file is larger than allowed': ['184', { content: Buffer.alloc(MOST + 1) }],
    'of which the file is larger than its header says': ['280', { content: Buffer.alloc(900_000), claims: 100 }],
    'of which the file is smaller than its header says': ['280', { content: TEXT, claims: 300 }],
    'whose directory names the same bytes many times': ['281', { content: TEXT }, 1_000],
    'with two files': ['281', { content: TEXT }, 2],
    'with a folder': ['281', { name: 'folder/', content: Buffer.alloc(0) }],
    'that is encrypted': ['229', { content: TEXT, flags: 1 }],
    'packed by another method': ['229', { content: TEXT, method: 12 }],
    'whose file leads out of its folder': ['280', { name: '../../etc/passwd', content: TEXT }],
    'whose file has an absolute path': ['280', { name: '/etc/passwd', content: TEXT }],
    'whose file leads out by backslashes': ['280', { name: '..\\..\\x', content: TEXT }],
  };
  for (const [what, [code, entry, named]] of Object.entries(refused)) {
    it(`${what} is refused with ${code}, and nothing of it stays`, async () => {
      const before = await readdir(dir, { recursive: true });
      expect(await codeOf(zipBytes(entry, named))).to.equal(code);
      expect(await readdir(dir, { recursive: true })).to.deep.equal(before);
    });
  }

  it('with a symbolic link gives the bytes of the link, which is followed nowhere', async () => {
    const outcome = await outcomeOf(zipBytes({ content: Buffer.from('/etc/passwd'), mode: 0o120777 }));
    expect(outcome).to.have.property('kind', 'content');
    if (outcome.kind === 'content') expect(String(outcome.prepared.bytes)).to.equal('/etc/passwd');
  });

  it('cut anywhere, or with any byte changed, is refused or unpacked, and never hangs', async () => {
    const whole = zipBytes({ content: TEXT });
    for (let at = 0; at < whole.length; at += 1) {
      expect(await codeOf(whole.subarray(0, at))).to.equal('280');
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      expect(await codeOf(changed)).to.match(/^(taken|184|229|280|281)$/);
    }
  });

  it('in another ZIP is content like any other', async () => {
    expect(await codeOf(zipBytes({ content: zipBytes({ content: TEXT }) }))).to.equal('taken');
  });
});
