import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import ssh2 from 'ssh2';
import { loadHostKeys } from '../../../../channels/sftp/host-keys.ts';

describe('loadHostKeys', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'bode-keys-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('makes an Ed25519 and an ECDSA key that only the owner can read, and keeps them', async () => {
    const keys = await loadHostKeys(dir);
    const types = keys.map((key) => (ssh2.utils.parseKey(key) as { type: string }).type);
    expect(types).to.deep.equal(['ssh-ed25519', 'ecdsa-sha2-nistp256']);
    for (const file of ['ssh_host_ed25519_key', 'ssh_host_ecdsa_key']) {
      expect(statSync(join(dir, file)).mode & 0o777).to.equal(0o600);
    }
    expect(await loadHostKeys(dir)).to.deep.equal(keys);
  });

  it('refuses a damaged key and names its file', async () => {
    await loadHostKeys(dir);
    writeFileSync(join(dir, 'ssh_host_ed25519_key'), 'damaged');
    const failed = await loadHostKeys(dir).catch((error: unknown) => error);
    expect(failed).to.include({ code: 'config_invalid' });
    expect((failed as Error).message).to.include('ssh_host_ed25519_key');
  });

  it('gives everybody the same keys when several start at once', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => loadHostKeys(dir)));
    expect(new Set(all.map((keys) => keys.join())).size).to.equal(1);
  });
});
