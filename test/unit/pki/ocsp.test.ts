import { createHash, sign } from 'node:crypto';
import { expect } from 'chai';
import { readDer } from '../../../engine/core/ber.ts';
import { der, oid, oidHex, sequence, TAG, time } from '../../../engine/core/der.ts';
import { type Certificate, parseCertificate } from '../../../engine/pki/certificate.ts';
import { judgeAnswer } from '../../../engine/pki/revocation/ocsp-judge.ts';
import { certificateId, type OcspAnswer, readOcspAnswer } from '../../../engine/pki/revocation/ocsp-message.ts';
import { extension, type KeyPair, newKey } from '../../support/certificate-writer.ts';
import { LAB_NOW, openPathLab } from '../../support/path-lab.ts';

const lab = openPathLab();
const issuer = parseCertificate(lab.anchor.certificate);
const leaf = parseCertificate(lab.entity());
const NONCE = Buffer.alloc(32, 7);
const MINUTE_MS = 60_000;
const at = (minutes: number) => new Date(LAB_NOW.getTime() + minutes * MINUTE_MS);
const octets = (content: Buffer) => der(TAG.octetString, content);

interface AnswerSpec {
  readonly about?: Certificate;
  readonly status?: Buffer;
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date;
  readonly nonce?: Buffer;
  readonly signer?: KeyPair;
  readonly certificates?: readonly Buffer[];
  readonly byKey?: boolean;
  readonly critical?: boolean;
}

const GOOD = der(0x80);
const OCSP_SIGNING = extension.extendedKeyUsage('1.3.6.1.5.5.7.3.9');

/** An answer as a responder would make it, by the key of the anchor unless another is given. */
function answer(spec: AnswerSpec = {}): OcspAnswer {
  const {
    about = leaf,
    status = GOOD,
    thisUpdate = at(-1),
    nextUpdate,
    nonce,
    signer = lab.anchor.key,
    certificates = [],
  } = spec;
  const { nameHash, keyHash, serial } = certificateId(about, issuer);
  const id = sequence(
    sequence(oid(oidHex('1.3.14.3.2.26'))),
    octets(nameHash),
    octets(keyHash),
    der(TAG.integer, serial),
  );
  const single = sequence(
    id,
    status,
    generalized(thisUpdate),
    ...(nextUpdate ? [der(0xa0, generalized(nextUpdate))] : []),
  );
  const extensions = [
    ...(nonce ? [sequence(oid(oidHex('1.3.6.1.5.5.7.48.1.2')), octets(octets(nonce)))] : []),
    ...(spec.critical
      ? [sequence(oid(oidHex('1.2.3')), der(TAG.boolean, Buffer.from([0xff])), octets(der(TAG.null)))]
      : []),
  ];
  const responder =
    spec.byKey === false || certificates.length === 0
      ? der(0xa1, issuer.subject)
      : der(0xa2, octets(keyHashOf(signer)));
  const body = sequence(
    responder,
    generalized(at(0)),
    sequence(single),
    ...(extensions.length > 0 ? [der(0xa1, sequence(...extensions))] : []),
  );
  const signature = der(TAG.bitString, Buffer.from([0]), sign('sha256', body, signer.privateKey));
  const wrapped = certificates.length > 0 ? [der(0xa0, sequence(...certificates))] : [];
  const basic = sequence(body, sequence(oid(oidHex('1.2.840.10045.4.3.2'))), signature, ...wrapped);
  const response = sequence(
    der(0x0a, Buffer.from([0])),
    der(0xa0, sequence(oid(oidHex('1.3.6.1.5.5.7.48.1.1')), octets(basic))),
  );
  const read = readOcspAnswer(response);
  if ('declined' in read) throw new Error(read.declined);
  return read;
}

function generalized(when: Date): Buffer {
  return der(TAG.generalizedTime, Buffer.from(when.toISOString().replace(/[-:T]|\.\d+/g, '')));
}

function keyHashOf({ publicKey }: KeyPair): Buffer {
  const bits = readDer(publicKey.export({ type: 'spki', format: 'der' })).children[1]!;
  return createHash('sha1')
    .update(bits.source.subarray(bits.contentFrom + 1, bits.contentTo))
    .digest();
}

async function judged(spec: AnswerSpec, required = false, revoked = false): Promise<string> {
  const ofResponder = async () => ({
    status: revoked ? ('revoked' as const) : ('unknown' as const),
    detail: 'revoked on a day',
  });
  const question = { certificate: leaf, issuer, now: LAB_NOW, allow: [], ofResponder };
  const { finding } = await judgeAnswer(answer(spec), question, { nonce: NONCE, required });
  return finding.status === 'good' ? 'good' : `${finding.status}: ${finding.detail}`;
}

/** A responder that the anchor has certified, unless the spec says otherwise. */
function responder(spec: Parameters<typeof lab.entity>[0] = {}): Pick<AnswerSpec, 'signer' | 'certificates'> {
  const signer = newKey();
  return { signer, certificates: [lab.entity({ key: signer, extensions: [OCSP_SIGNING], ...spec })] };
}

describe('judgeAnswer', () => {
  it('believes the issuer, and a responder that the issuer has certified for it', async () => {
    expect(await judged({ nonce: NONCE })).to.equal('good');
    expect(await judged({ nonce: NONCE, ...responder() })).to.equal('good');
  });

  it('tells good, revoked and unknown apart', async () => {
    expect(await judged({ nonce: NONCE, status: der(0xa1, generalized(at(-60))) })).to.match(
      /^revoked: revoked on 2026-06-01T11:00/,
    );
    expect(await judged({ nonce: NONCE, status: der(0x82) })).to.match(/^unknown: the OCSP responder does not know/);
  });

  it('wants the nonce of the request, or none and an end', async () => {
    expect(await judged({ nonce: Buffer.alloc(32, 8) })).to.match(/its nonce is not that of the request/);
    expect(await judged({})).to.match(/neither a nonce nor a time/);
    expect(await judged({ nextUpdate: at(60) })).to.equal('good');
    expect(await judged({ nextUpdate: at(60) }, true)).to.match(/it has no nonce/);
  });

  it('wants an answer of this moment about this certificate', async () => {
    expect(await judged({ nonce: NONCE, thisUpdate: at(10) })).to.match(/which is to come/);
    expect(await judged({ nonce: NONCE, thisUpdate: at(-60), nextUpdate: at(-1) })).to.match(/it is stale/);
    expect(await judged({ nonce: NONCE, thisUpdate: at(-60) })).to.match(/it is stale/);
    expect(await judged({ nonce: NONCE, about: parseCertificate(lab.entity()) })).to.match(/about another certificate/);
  });

  it('does not believe others', async () => {
    const other = openPathLab();
    expect(await judged({ nonce: NONCE, signer: newKey() })).to.match(/not that of its issuer/);
    expect(await judged({ nonce: NONCE, ...responder({ extensions: [extension.keyUsage(0x80)] }) })).to.match(
      /not certified for OCSP/,
    );
    expect(await judged({ nonce: NONCE, ...responder({ until: at(-1) }) })).to.match(/its signer is not valid now/);
    expect(await judged({ nonce: NONCE, ...responder({ by: other.anchor }) })).to.match(/not certified by the issuer/);
    expect(await judged({ nonce: NONCE, ...responder({ extensions: [OCSP_SIGNING, extension.unknown()] }) })).to.match(
      /critical extension/,
    );
    expect(await judged({ nonce: NONCE, ...responder() }, false, true)).to.match(/its signer was revoked on a day/);
    const nocheck = { id: '1.3.6.1.5.5.7.48.1.5', value: der(TAG.null) };
    expect(await judged({ nonce: NONCE, ...responder({ extensions: [OCSP_SIGNING, nocheck] }) }, false, true)).to.equal(
      'good',
    );
  });

  it('reads no answer with a critical extension that nobody knows, and says why a responder declined', () => {
    expect(() => answer({ critical: true })).to.throw('critical extension');
    expect(readOcspAnswer(sequence(der(0x0a, Buffer.from([3]))))).to.deep.equal({ declined: 'try later' });
    expect(() => readOcspAnswer(sequence(time(LAB_NOW)))).to.throw('no status');
  });
});
