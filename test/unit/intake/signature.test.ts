import { createHash, generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { EngineError } from '../../../engine/core/errors.ts';
import { verifySignature } from '../../../engine/intake/signature.ts';
import { selfSigned } from '../../../engine/outbound/self-signed.ts';
import { encodeSignatureFile, signDetached } from '../../../engine/outbound/sign.ts';
import type { DigestName } from '../../../engine/pki/signature-scheme.ts';
import { trustIn } from '../../../engine/pki/trust.ts';
import { copyOf, operate, signersIn } from '../../support/cms-surgery.ts';
import type { Verification } from '../../support/signature-request.ts';
import { requestOf } from '../../support/signature-request.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const CONTENT = Buffer.from('<DmfAOriginal>\n</DmfAOriginal>\n');

describe('verifySignature', () => {
  const sender = anIdentity('Voorbeeld NV');
  const trust = trustIn([sender.certificate]);
  const signature = signed(CONTENT);

  function signed(content: Buffer): Buffer {
    const digest = createHash('sha256').update(content).digest();
    return encodeSignatureFile(signDetached({ digest, identity: sender, now: NOW }));
  }

  function verify(over: Partial<Verification> = {}) {
    const certificates = [sender.certificate];
    return verifySignature(requestOf({ signature, content: CONTENT, certificates, trust, now: NOW, ...over }));
  }

  it('tells of a good signature by whom, how and when it was made', async () => {
    const report = await verify();
    expect(report).to.deep.include({
      verdict: 'valid',
      code: null,
      form: 'raw',
      digest: 'sha256',
      signatureAlgorithm: 'RSA PKCS#1 v1.5 with sha256',
      signedAttributes: true,
      signingTime: NOW.toISOString(),
    });
    expect(report.signer).to.deep.equal({
      subject: 'CN=Voorbeeld NV',
      issuer: 'CN=Voorbeeld NV',
      serial: sender.certificate.serialNumber,
      fingerprint: sender.certificate.fingerprint256,
      notBefore: '2026-01-01T00:00:00.000Z',
      notAfter: '2027-01-01T00:00:00.000Z',
    });
  });

  it('asks for the digest of the text form only when the raw form did not match, and says which did', async () => {
    const asked: string[] = [];
    const requestFor = (file: Buffer) => {
      const request = requestOf({
        signature: file,
        content: CONTENT,
        certificates: [sender.certificate],
        trust,
        now: NOW,
      });
      const digestOf = (algorithm: DigestName, form: 'raw' | 'text') => {
        asked.push(`${algorithm} ${form}`);
        return request.digestOf(algorithm, form);
      };
      return { ...request, digestOf };
    };
    expect((await verifySignature(requestFor(signature))).form).to.equal('raw');
    expect(asked.splice(0)).to.deep.equal(['sha256 raw']);
    const crlf = Buffer.from(CONTENT.toString().replaceAll('\n', '\r\n'));
    expect(await verifySignature(requestFor(signed(crlf)))).to.include({ verdict: 'valid', form: 'text' });
    expect(asked).to.deep.equal(['sha256 raw', 'sha256 text']);
  });

  it('lets an error of the digest through: it is an outage, not a bad signature', async () => {
    const request = requestOf({ signature, content: CONTENT, certificates: [sender.certificate], trust, now: NOW });
    const outage = new EngineError('blob_missing', 'the content is not there');
    const answer = await verifySignature({ ...request, digestOf: () => Promise.reject(outage) }).catch(
      (error) => error,
    );
    expect(answer).to.equal(outage);
  });

  it('does not ask for a digest when the algorithm is refused', async () => {
    const request = requestOf({ signature, content: CONTENT, certificates: [sender.certificate], trust, now: NOW });
    const weak = operate(signDetached({ digest: Buffer.alloc(32), identity: sender, now: NOW }), (tree) => {
      signersIn(tree)[0]!.children[2]!.children[0]!.content = Buffer.from('2b0e03021a', 'hex');
      tree.children[1]!.children[0]!.children[1]!.children = [copyOf(signersIn(tree)[0]!.children[2]!)];
    });
    const digestOf = () => Promise.reject(new Error('asked'));
    const report = await verifySignature({ ...request, signature: weak, digestOf });
    expect(report.algorithms).to.deep.equal({ outcome: 'failed', detail: 'the digest sha1 is not allowed' });
    expect(report.integrity.outcome).to.equal('indeterminate');
  });

  it('answers 153 only when nothing but the binding to the sender is wrong', async () => {
    const stranger = anIdentity('Ander NV');
    const elsewhere = await verify({ certificates: [stranger.certificate] });
    expect(elsewhere).to.include({ verdict: 'invalid', code: '153' });
    expect(elsewhere.integrity.outcome).to.equal('passed');
    const late = await verify({ certificates: [stranger.certificate], now: new Date('2027-06-01T00:00:00Z') });
    expect(late).to.include({ verdict: 'invalid', code: '125' });
  });

  it('is valid up to the last second of the certificate and not after it', async () => {
    expect((await verify({ now: new Date('2027-01-01T00:00:00Z') })).verdict).to.equal('valid');
    expect((await verify({ now: new Date('2027-01-01T00:00:01Z') })).validity.outcome).to.equal('failed');
    expect((await verify({ now: new Date('2026-01-01T00:00:00Z') })).verdict).to.equal('valid');
    expect((await verify({ now: new Date('2025-12-31T23:59:59Z') })).validity.detail).to.match(/not valid before/);
  });

  it('takes a self-signed certificate only from an anchor or by the policy, and then only a registered one', async () => {
    const nothing = trustIn([]);
    expect((await verify({ trust: nothing })).chain.outcome).to.equal('failed');
    expect((await verify({ trust: nothing, policy: { selfSigned: 'registered' } })).verdict).to.equal('valid');
    const unknown = await verify({ trust: nothing, policy: { selfSigned: 'registered' }, certificates: [] });
    expect(unknown).to.include({ verdict: 'invalid', code: '125' });
    expect(unknown.chain.outcome).to.equal('failed');
  });

  it('leaves what it could not look at indeterminate, never passed', async () => {
    const report = await verify({ signature: Buffer.from('nonsense') });
    const { attributes, algorithms, chain, validity, senderBinding } = report;
    expect(report).to.deep.include({ verdict: 'invalid', code: '125' });
    expect(report.integrity.outcome).to.equal('failed');
    for (const check of [attributes, algorithms, chain, validity, senderBinding]) {
      expect(check.outcome).to.equal('indeterminate');
      expect(check.detail).to.not.equal('');
    }
  });

  it('keeps the INSS that an eID writes in its subject out of the report', async () => {
    const citizen = anIdentity('Jan Janssens 85073003328');
    const digest = createHash('sha256').update(CONTENT).digest();
    const file = signDetached({ digest, identity: citizen, now: NOW });
    const report = await verify({
      signature: file,
      certificates: [citizen.certificate],
      trust: trustIn([citizen.certificate]),
    });
    expect(report.verdict).to.equal('valid');
    expect(JSON.stringify(report.signer?.subject)).to.not.include('85073003328');
    expect(report.signer?.subject).to.equal('CN=Jan Janssens ***');
  });

  it('decides the worst files of the largest size at once', async () => {
    const size = 256 * 1024;
    const blank = Buffer.alloc(size, ' ');
    blank.write('x', size - 1);
    const blankInside = Buffer.alloc(size, '\n');
    blankInside.write('MII');
    blankInside.write('x', size - 1);
    const files = [
      blank,
      blankInside,
      Buffer.alloc(size, '-----BEGIN CMS-----\n'),
      Buffer.alloc(size, Buffer.from([0x30, 0x80])),
      Buffer.alloc(size, 'M'),
      Buffer.alloc(size, Buffer.from([0x30, 0x84, 0, 3, 0xff, 0xfa])),
    ];
    for (const file of files) {
      const started = performance.now();
      expect((await verify({ signature: file })).code).to.equal('125');
      expect(performance.now() - started).to.be.below(250);
    }
  });

  it('refuses a file above the limit without reading it', async () => {
    const report = await verify({
      signature: Buffer.concat([signature, Buffer.alloc(10, '\n')]),
      policy: { maxBytes: signature.length },
    });
    expect(report.integrity.detail).to.match(/larger than/);
  });
});

function anIdentity(commonName: string) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [notBefore, notAfter] = [new Date('2026-01-01T00:00:00Z'), new Date('2027-01-01T00:00:00Z')];
  return { privateKey, certificate: selfSigned({ privateKey, commonName, notBefore, notAfter }) };
}
