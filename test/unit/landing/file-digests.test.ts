import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../../../engine/core/logger.ts';
import { digestOf } from '../../../engine/landing/content-digest.ts';
import { createFileDigests } from '../../../engine/landing/file-digests.ts';

const TEXT_LIMIT = 1_000;
const LINES = Buffer.from('one\ntwo\r\n'.repeat(50));

describe('digests of files that grow', () => {
  const digests = createFileDigests(silentLogger());
  const dir = mkdtempSync(join(tmpdir(), 'bode-digests-'));
  let file: FileHandle;

  beforeEach(async () => {
    file = await open(join(dir, 'file'), 'w+');
  });
  afterEach(() => file.close());
  after(() => rmSync(dir, { recursive: true }));

  it('knows every digest of a file that was followed while it grew', async () => {
    const digest = digests.follow(file.fd, TEXT_LIMIT);
    for (let at = 0; at < LINES.length; at += 30) {
      await file.write(LINES.subarray(at, at + 30), 0, undefined, at);
      digest.reach(Math.min(LINES.length, at + 30));
    }
    const { sha256, digests: others } = await digest.end(LINES.length);
    expect(sha256).to.equal(createHash('sha256').update(LINES).digest('hex'));
    expect(others.sha512).to.equal(createHash('sha512').update(LINES).digest('hex'));
    expect(others['sha256:text']).to.equal(digestOf(LINES).digests['sha256:text']);
  });

  it('hashes anew what was changed, and what lies beyond what it was told of', async () => {
    const digest = digests.follow(file.fd, TEXT_LIMIT);
    await file.write('aaaa', 0);
    digest.reach(4);
    await file.write('bb', 0);
    digest.changed();
    await file.write('cc', 4);
    expect((await digest.end(6)).sha256).to.equal(createHash('sha256').update('bbaacc').digest('hex'));
  });

  it('follows several files at a time, and lets go of one', async () => {
    const other = await open(join(dir, 'other'), 'w+');
    const [one, two] = [digests.follow(file.fd, TEXT_LIMIT), digests.follow(other.fd, TEXT_LIMIT)];
    await file.write('one');
    await other.write('two');
    one.reach(3);
    two.reach(3);
    await two.drop();
    await other.close();
    expect((await one.end(3)).sha256).to.equal(createHash('sha256').update('one').digest('hex'));
  });

  it('refuses a file that is shorter than it should be', async () => {
    const digest = digests.follow(file.fd, TEXT_LIMIT);
    await file.write('short');
    const error = await digest.end(100).catch((reason: unknown) => reason);
    expect(error).to.have.property('code', 'store_unavailable');
  });
});
