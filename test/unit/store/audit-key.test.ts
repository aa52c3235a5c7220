import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { GENESIS, readHead, writeHead } from '../../../engine/store/audit-head.ts';
import { auditKeyPath, loadAuditKey, readAuditKey } from '../../../engine/store/audit-key.ts';
import { temporaryDir } from '../../support/pki.ts';

describe('what the audit keeps in files', () => {
  let dir: string;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    ({ dir, remove } = await temporaryDir());
  });
  afterEach(() => remove());

  const failure = (promise: Promise<unknown>) => promise.then(() => undefined).catch((error: unknown) => error);

  it('is one key for any number of starters, readable by its owner only', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => loadAuditKey(dir)));
    expect(new Set(keys.map((key) => key.toString('hex'))).size).to.equal(1);
    expect(keys[0]).to.have.length(32);
    expect((await stat(auditKeyPath(dir))).mode & 0o777).to.equal(0o600);
    expect(await readdir(join(dir, 'keys'))).to.deep.equal(['audit.key']);
    expect(await readAuditKey(dir)).to.deep.equal(keys[0]);
  });

  it('is never a key made by whoever only reads', async () => {
    expect(await failure(readAuditKey(dir))).to.include({ code: 'not_found' });
    expect(await readdir(dir)).to.deep.equal([]);
  });

  it('is no damaged key, and none that lies open', async () => {
    await loadAuditKey(dir);
    await chmod(auditKeyPath(dir), 0o644);
    expect(await failure(loadAuditKey(dir))).to.include({ code: 'config_invalid' });
    await chmod(auditKeyPath(dir), 0o600);
    await writeFile(auditKeyPath(dir), 'abc\n');
    const error = await failure(loadAuditKey(dir));
    expect(error).to.include({ code: 'config_invalid' });
    expect(String(error)).not.to.include('abc');
  });

  it('is a head that nobody without the key can write', async () => {
    const path = join(dir, 'audit', 'head.json');
    const key = Buffer.alloc(32, 1);
    const now = new Date('2026-11-22T10:00:00Z');
    expect(await readHead(path, key)).to.deep.equal({ kind: 'missing' });
    const head = { seq: 7, hash: 'a'.repeat(64) };
    await writeHead(path, GENESIS, now, key);
    await writeHead(path, head, now, key);
    expect(await readHead(path, key)).to.deep.equal({ kind: 'kept', head, at: now.toISOString() });
    expect(await readHead(path, Buffer.alloc(32, 2))).to.deep.equal({ kind: 'unusable' });
    await writeFile(path, (await readFile(path, 'utf8')).replace('"seq":7', '"seq":6'));
    expect(await readHead(path, key)).to.deep.equal({ kind: 'unusable' });
    expect(await readdir(join(dir, 'audit'))).to.deep.equal(['head.json']);
  });
});
