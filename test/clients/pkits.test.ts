import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { packageRoot } from '../../config/package-root.ts';
import { newKey } from '../support/certificate-writer.ts';
import { LAB_NOW, openPathLab } from '../support/path-lab.ts';
import { temporaryDir } from '../support/pki.ts';

const run = promisify(execFile);

describe('scripts/pkits, on a directory as NIST’s PKITS has it', () => {
  let dir: string;
  let remove: () => Promise<void>;

  before(async () => {
    ({ dir, remove } = await temporaryDir());
    const lab = openPathLab();
    const [good, dsa] = [lab.authority('Good CA'), lab.authority('DSA CA', { key: newKey('dsa') })];
    const serial = Buffer.from('0f', 'hex');
    const certs = {
      TrustAnchorRootCertificate: lab.anchor.certificate,
      GoodCACert: good.certificate,
      ValidCertificatePathTest1EE: lab.entity({ by: good }),
      InvalidEESignatureTest3EE: lab.entity({ by: good, damaged: true }),
      ValidDSASignaturesTest4EE: lab.entity({ by: dsa }),
      InvalidRevokedEETest3EE: lab.entity({ by: good, serial }),
      InvalidMissingbasicConstraintsTest1EE: Buffer.from('damaged'),
      ValidGeneralizedTimenotAfterDateTest8EE: lab.entity({ by: good, until: { generalized: '20500101120100Z' } }),
      InvalidRequireExplicitPolicyTest3EE: lab.entity({ by: good }),
    };
    const crls = { TrustAnchorRootCRL: lab.list(), GoodCACRL: lab.list({ by: good, revoked: [{ serial }] }) };
    for (const [folder, ending, files] of [
      ['certs', 'crt', certs],
      ['crls', 'crl', crls],
    ] as const) {
      await mkdir(join(dir, folder));
      for (const [name, bytes] of Object.entries(files)) await writeFile(join(dir, folder, `${name}.${ending}`), bytes);
    }
  });
  after(() => remove());

  const pkits = (...args: string[]) =>
    run(process.execPath, [join(packageRoot(), 'dist/scripts/pkits.js'), dir, '--at', LAB_NOW.toISOString(), ...args]);

  it('compares each verdict with the name of the certificate', async () => {
    const { stdout } = await pkits();
    expect(stdout).to.match(/^ok {6}4\.1 {3}ValidCertificatePathTest1: valid, expected valid$/m);
    expect(stdout).to.match(/^ok {6}4\.4 {3}InvalidRevokedEETest3: invalid, expected invalid \(revoked on .*\)$/m);
    expect(stdout).to.match(
      /^known {3}4\.1 {3}ValidDSASignaturesTest4: invalid, expected valid \(DSA is refused on purpose: .*\)$/m,
    );
    expect(stdout).to.match(/^6 judged: 5 as expected, 1 differ on purpose, 0 differ$/m);
  });

  it('judges what the engine does not promise when asked for, and ends with 1 when a promise is broken', async () => {
    expect((await pkits('--all')).stdout).to.match(/^7 judged: 5 as expected, 2 differ on purpose/m);
    await writeFile(join(dir, 'certs', 'ValidUTF8StringEncodedNamesTest9EE.crt'), 'damaged');
    const failed = await pkits('--json').then(
      () => undefined,
      (error: { code: number; stdout: string }) => error,
    );
    expect(failed?.code).to.equal(1);
    expect(failed?.stdout).to.match(/"test":"ValidUTF8StringEncodedNamesTest9".*"outcome":"differs"/);
  });
});
