import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadHostKeys } from '../../../channels/sftp/host-keys.ts';
import { run } from '../../../scripts/demonstration/command.ts';
import { useBode } from '../../support/command-runner.ts';
import { temporaryDir } from '../../support/pki.ts';

describe('bode host-keys', () => {
  const bode = useBode();
  let dir: string;
  let remove: () => Promise<void>;
  before(async () => {
    ({ dir, remove } = await temporaryDir());
    await writeFile(join(dir, 'bode.yaml'), 'dataDir: data\n');
  });
  after(() => remove());

  it('says that there are none, and makes none', async () => {
    const ran = await bode(['host-keys'], dir);
    expect(ran).to.include({ status: 1, stdout: '' });
    expect(ran.stderr).to.match(/no host keys yet/);
    expect((await bode(['host-keys'], dir)).status).to.equal(1);
  });

  it('shows the fingerprints that ssh-keygen shows, and no private key', async () => {
    const keys = join(dir, 'data', 'keys');
    await loadHostKeys(keys);
    const { items } = JSON.parse((await bode(['host-keys', '--json'], dir)).stdout);
    for (const [at, file] of ['ssh_host_ed25519_key.pub', 'ssh_host_ecdsa_key.pub'].entries()) {
      const [, fingerprint] = (await run('ssh-keygen', ['-l', '-f', join(keys, file)])).split(' ');
      expect(`SHA256:${items[at].fingerprint}`).to.equal(fingerprint);
    }
    const { stdout } = await bode(['host-keys'], dir);
    expect(stdout).to.match(/^TYPE +FINGERPRINT +PUBLIC KEY\nssh-ed25519 +SHA256:[\w+/]{43} +ssh-ed25519 AAAA/);
    expect(stdout).to.not.include('PRIVATE');
  });
});
