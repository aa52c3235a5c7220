import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadIdentity } from '../../../engine/outbound/identity.ts';
import type { Identity } from '../../../engine/outbound/sign.ts';
import { encodeSignatureFile, signDetached } from '../../../engine/outbound/sign.ts';
import { certificateAt, makeCertificate, makePki, opensslVerifies, temporaryDir } from '../../support/pki.ts';

const CONTENT = Buffer.from('<ACRF>\n  <ResultCode>1</ResultCode>\n</ACRF>\n');
const NOW = new Date('2026-06-01T12:00:00Z');

describe('signDetached', () => {
  let dir: string;
  let remove: () => Promise<void>;
  let identity: Identity;
  const at = (name: string) => join(dir, name);
  const sign = (by: Identity) =>
    signDetached({ digest: createHash('sha256').update(CONTENT).digest(), identity: by, now: new Date() });

  before(async () => {
    ({ dir, remove } = await temporaryDir());
    identity = await loadIdentity({ dir: at('engine'), commonName: 'Bode', now: new Date() });
    await writeFile(at('FO'), CONTENT);
    await writeFile(at('FO.changed'), `${CONTENT}!`);
  });
  after(() => remove());

  it('makes what openssl accepts against engine.pem, without being told a purpose', async () => {
    const [ca, good, changed] = [at('engine/engine.pem'), at('FO'), at('FO.changed')];
    expect(await opensslVerifies(sign(identity), good, ca, ['-binary'])).to.equal(true);
    expect(await opensslVerifies(sign(identity), good, ca, ['-binary', '-purpose', 'any'])).to.equal(true);
    expect(await opensslVerifies(sign(identity), changed, ca, ['-binary'])).to.equal(false);
  });

  it('is accepted by the commands in the manual: base64 -d, then openssl cms', async () => {
    await writeFile(at('FS'), encodeSignatureFile(sign(identity)));
    const verify = 'openssl cms -verify -inform DER -binary -content FO -CAfile engine/engine.pem';
    const output = execFileSync('sh', ['-c', `base64 -d FS | ${verify} 2>/dev/null`], { cwd: dir });
    expect(output).to.deep.equal(CONTENT);
  });

  it('is accepted in PEM after the two lines are put around it', async () => {
    const lines = encodeSignatureFile(sign(identity)).toString();
    await writeFile(at('FS.pem'), `-----BEGIN CMS-----\n${lines}-----END CMS-----\n`);
    const options = ['-inform', 'PEM', '-in', 'FS.pem', '-binary', '-content', 'FO', '-CAfile', 'engine/engine.pem'];
    expect(execFileSync('openssl', ['cms', '-verify', ...options], { cwd: dir, stdio: 'pipe' })).to.deep.equal(CONTENT);
  });

  it('signs with an EC key too', async () => {
    const pki = await makePki(at('pki'));
    const issuer = { cert: pki.ca, key: join(pki.dir, 'ca.key') };
    const { cert, key } = await makeCertificate(dir, { name: 'ec', key: 'ec:P-256', issuer });
    const ec = { certificate: await certificateAt(cert), privateKey: createPrivateKey(await readFile(key)) };
    expect(await opensslVerifies(sign(ec), at('FO'), pki.ca)).to.equal(true);
  });

  it('writes the signing time it was given', async () => {
    const signature = signDetached({ digest: Buffer.alloc(32), identity, now: NOW });
    expect(signature.includes(Buffer.from('260601120000Z'))).to.equal(true);
  });

  it('takes nothing but a SHA-256 digest', () => {
    expect(() => signDetached({ digest: Buffer.alloc(20), identity, now: NOW })).to.throw(RangeError);
  });
});

describe('encodeSignatureFile', () => {
  it('writes base64 in lines of at most 76 columns, no header, a line end at the end', () => {
    const bytes = Buffer.alloc(200, 7);
    const text = encodeSignatureFile(bytes).toString();
    const lines = text.split('\n');
    expect(lines.pop()).to.equal('');
    expect(lines.slice(0, -1).every((line) => line.length === 76)).to.equal(true);
    expect(Buffer.from(lines.join(''), 'base64')).to.deep.equal(bytes);
  });
});
