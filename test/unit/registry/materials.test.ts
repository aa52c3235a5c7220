import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import ssh2 from 'ssh2';
import { trustIn } from '../../../engine/pki/trust.ts';
import { STRICT_RULES } from '../../../engine/registry/judge-certificate.ts';
import { certificateIn, readSmallFile, sshKeysIn } from '../../../engine/registry/materials.ts';
import { extension } from '../../support/certificate-writer.ts';
import { openPathLab } from '../../support/path-lab.ts';
import { AUTHORITY, certificateAt, makeCertificate, SIGNER, temporaryDir } from '../../support/pki.ts';

const { generateKeyPairSync } = ssh2.utils;
const policy = { now: new Date('2026-06-01T00:00:00Z'), minRsaBits: 2048 };

describe('SSH key files', () => {
  const ed25519 = generateKeyPairSync('ed25519').public;

  it('give each key with its fingerprint, without comments', () => {
    const other = generateKeyPairSync('ecdsa', { bits: 256 }).public;
    const { credentials, faults } = sshKeysIn(Buffer.from(`# keys\r\n\r\n${ed25519} me@host\r\n${other}\r\n`));
    expect(faults).to.deep.equal([]);
    expect(credentials.map(({ text }) => text)).to.deep.equal(
      [ed25519, other].map((key) => key.split(' ').slice(0, 2).join(' ')),
    );
    for (const { fingerprint } of credentials) expect(fingerprint).to.match(/^[A-Za-z0-9+/]{43}$/);
  });

  const broken = {
    'an empty file': ['', /no SSH public key/],
    'a private key': [generateKeyPairSync('ed25519').private, /refused/],
    'an RSA key of 1024 bits': [generateKeyPairSync('rsa', { bits: 1024 }).public, /1024 bits/],
    'a key that is cut off': [ed25519.slice(0, 40), /refused/],
    'binary nonsense': ['\u0000\u0001\u0002\u00ff', /refused/],
  } as const;
  for (const [name, [text, reason]] of Object.entries(broken)) {
    it(`are refused: ${name}`, () => {
      const { credentials, faults } = sshKeysIn(Buffer.from(text));
      expect(credentials).to.deep.equal([]);
      expect(faults.join('\n')).to.match(reason);
      expect(faults.join('\n')).not.to.include('AAAA');
    });
  }
});

describe('certificate files', () => {
  let dir: string;
  let remove: () => Promise<void>;
  before(async () => {
    ({ dir, remove } = await temporaryDir());
  });
  after(() => remove());

  async function read(name: string, spec: Omit<Parameters<typeof makeCertificate>[1], 'name'> = {}) {
    const { cert } = await makeCertificate(dir, { name, extensions: SIGNER, ...spec });
    return { bytes: await readFile(cert), certificate: await certificateAt(cert) };
  }

  it('give the certificate in PEM with its fingerprint, from PEM and from DER', async () => {
    const { bytes, certificate } = await read('good', { key: 'ec:P-256' });
    const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
    const expected = { credentials: [{ fingerprint, text: certificate.toString() }], faults: [], warnings: [] };
    expect(certificateIn(bytes, policy)).to.deep.equal(expected);
    expect(certificateIn(certificate.raw, policy)).to.deep.equal(expected);
  });

  it('with a short RSA key are refused, unless it is allowed', async () => {
    const { bytes } = await read('short', { key: 'rsa:1024' });
    expect(certificateIn(bytes, policy).faults).to.deep.equal([
      'the certificate has an RSA key of 1024 bits; at least 2048 are needed',
    ]);
    expect(certificateIn(bytes, { ...policy, minRsaBits: 1024 }).faults).to.deep.equal([]);
  });

  it('that are expired or not yet valid are taken with a warning', async () => {
    const { bytes } = await read('old', { from: '20240101000000Z', until: '20250101000000Z', key: 'ec:P-256' });
    expect(certificateIn(bytes, policy).warnings).to.deep.equal(['the certificate expired on 2025-01-01']);
    const before = { ...policy, now: new Date('2023-01-01T00:00:00Z') };
    expect(certificateIn(bytes, before).warnings).to.deep.equal(['the certificate is not valid before 2024-01-01']);
    expect(certificateIn(bytes, policy).credentials).to.have.length(1);
  });

  it('that could not sign are taken with a warning for each reason, when it is known who is trusted', async () => {
    const lab = openPathLab();
    const signing = { trust: trustIn([new X509Certificate(lab.anchor.certificate)]), rules: STRICT_RULES };
    const warnings = (der: Buffer) => certificateIn(der, { ...policy, signing }).warnings;
    expect(warnings(lab.entity())).to.deep.equal([]);
    expect(warnings(lab.entity({ extensions: [extension.keyUsage(0x20)] }))).to.deep.equal([
      'what the certificate signs would be refused: the key usage of the certificate does not include signing',
    ]);
    expect(warnings(openPathLab().entity()).join()).to.match(/not issued under a configured trust anchor/);
  });

  it('of a CA are taken with a warning', async () => {
    const { bytes } = await read('authority', { extensions: AUTHORITY, key: 'ec:P-256' });
    expect(certificateIn(bytes, policy).warnings.join()).to.include('CA');
  });

  it('with a whole chain, a key only, or nonsense are refused', async () => {
    const { bytes } = await read('one', { key: 'ec:P-256' });
    const key = await readFile(join(dir, 'one.key'));
    expect(certificateIn(Buffer.concat([bytes, bytes]), policy).faults.join()).to.include('2 certificates');
    for (const wrong of [key, Buffer.from(''), Buffer.from('nonsense'), Buffer.alloc(1000, 0x30)]) {
      expect(certificateIn(wrong, policy).faults).to.deep.equal(['there is no X.509 certificate in it']);
    }
  });

  it('that cannot be read are named with the reason', () => {
    expect(readSmallFile(join(dir, 'none'))).to.deep.equal({ fault: 'the file cannot be read (ENOENT)' });
    expect(readSmallFile(dir)).to.deep.equal({ fault: 'the file cannot be read (EISDIR)' });
  });
});
