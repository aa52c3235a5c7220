import type { KeyObject } from 'node:crypto';
import { constants, createHash, generateKeyPairSync, sign } from 'node:crypto';
import { expect } from 'chai';
import { der, TAG } from '../../../engine/core/der.ts';
import { verifyOverDigest } from '../../../engine/intake/signature-value.ts';
import type { DigestName, Scheme } from '../../../engine/pki/signature-scheme.ts';
import { verifyOverBytes } from '../../../engine/pki/verify.ts';

const DIGESTS: readonly DigestName[] = ['sha256', 'sha384', 'sha512'];
const hash = (name: string, data: Buffer) => createHash(name).update(data).digest();

describe('a signature over content of which only the digest is known', () => {
  for (const namedCurve of ['P-256', 'P-384', 'P-521']) {
    it(`is decided for ECDSA on ${namedCurve} as node decides it with the content, right and wrong`, () => {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
      for (let i = 0; i < 60; i++) {
        const digest = DIGESTS[i % 3]!;
        const content = Buffer.from(`content ${i}`);
        const value = sign(digest, content, privateKey);
        sameVerdicts({ kind: 'ecdsa', digest }, publicKey, content, value);
      }
    });
  }

  it('is decided for RSA PKCS#1 v1.5 as node decides it with the content', () => {
    for (const modulusLength of [2048, 2056]) {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
      for (const digest of [...DIGESTS, 'sha1', 'md5'] as const) {
        const content = Buffer.from(`content ${digest}`);
        sameVerdicts({ kind: 'pkcs1', digest }, publicKey, content, sign(digest, content, privateKey));
      }
    }
  });

  it('is decided for RSA-PSS as node decides it with the content, at every length of key and salt', () => {
    // 2049 bits: the encoded block is an octet shorter than the modulus
    for (const modulusLength of [2048, 2049, 2055]) {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
      for (const [digest, saltLength] of [
        ['sha256', 0],
        ['sha256', 32],
        ['sha384', 48],
        ['sha512', 100],
      ] as const) {
        const content = Buffer.from(`content ${saltLength}`);
        const value = signPss(digest, content, privateKey, saltLength);
        sameVerdicts({ kind: 'pss', digest, saltLength }, publicKey, content, value);
        const other: Scheme = { kind: 'pss', digest, saltLength: saltLength + 1 };
        expect(verifyOverDigest(other, publicKey, hash(digest, content), value)).to.equal(false);
      }
    }
  });

  it('keeps to what a key for PSS only prescribes', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa-pss', {
      modulusLength: 2048,
      hashAlgorithm: 'sha384',
      mgf1HashAlgorithm: 'sha384',
    });
    const content = Buffer.from('content');
    const value = signPss('sha384', content, privateKey, 48);
    sameVerdicts({ kind: 'pss', digest: 'sha384', saltLength: 48 }, publicKey, content, value);
    const short: Scheme = { kind: 'pss', digest: 'sha384', saltLength: 20 };
    expect(verifyOverDigest(short, publicKey, hash('sha384', content), value)).to.equal(false);
    const otherDigest: Scheme = { kind: 'pss', digest: 'sha256', saltLength: 48 };
    expect(verifyOverDigest(otherDigest, publicKey, hash('sha256', content), value)).to.equal(false);
  });
});

describe('forged signature values', () => {
  const content = Buffer.from('content nobody signed');
  const digest = hash('sha256', content);

  it('with cube roots under the exponent 3 are refused, garbage after the digest or in the parameters', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 3072, publicExponent: 3 });
    const info = Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), digest]);
    for (const padding of [8, 1, 0]) {
      const start = Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(padding, 0xff), Buffer.from([0]), info]);
      const block = Buffer.concat([start, Buffer.alloc(384 - start.length, 0xff)]);
      const forged = Buffer.from(
        cubeRoot(BigInt(`0x${block.toString('hex')}`))
          .toString(16)
          .padStart(768, '0'),
        'hex',
      );
      expect(cubeOf(forged).subarray(0, start.length)).to.deep.equal(start);
      expect(verifyOverDigest({ kind: 'pkcs1', digest: 'sha256' }, publicKey, digest, forged)).to.equal(false);
      expect(verifyOverBytes({ kind: 'pkcs1', digest: 'sha256' }, publicKey, content, forged)).to.equal(false);
    }
  });

  it('of zeros, ones and the wrong length are refused for every kind of key', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    const values = [0, 1, 255, 256, 257].flatMap((size) => [
      Buffer.alloc(size),
      Buffer.alloc(size, 0xff),
      Buffer.alloc(size, 1),
    ]);
    for (const value of values) {
      expect(verifyOverDigest({ kind: 'pkcs1', digest: 'sha256' }, rsa, digest, value)).to.equal(false);
      expect(verifyOverDigest({ kind: 'pss', digest: 'sha256', saltLength: 32 }, rsa, digest, value)).to.equal(false);
      expect(verifyOverDigest({ kind: 'ecdsa', digest: 'sha256' }, ec, digest, value)).to.equal(false);
    }
  });

  it('with r or s zero, negative, or as large as the order are refused', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const order = '00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
    for (const [r, s] of [
      ['00', '00'],
      ['01', '00'],
      ['00', '01'],
      ['ff', '01'],
      ['01', 'ff'],
      [order, '01'],
      ['01', order],
      ['', '01'],
    ] as const) {
      const integer = (hex: string) => der(TAG.integer, Buffer.from(hex, 'hex'));
      const value = der(TAG.sequence, integer(r), integer(s));
      expect(verifyOverDigest({ kind: 'ecdsa', digest: 'sha256' }, publicKey, digest, value), `${r} ${s}`).to.equal(
        false,
      );
    }
  });
});

/** Node over the content, and we over its digest, say the same: yes to the signature, no to every damaged one. */
function sameVerdicts(scheme: Scheme, key: KeyObject, content: Buffer, value: Buffer): void {
  const digest = hash(scheme.digest, content);
  expect(verifyOverBytes(scheme, key, content, value)).to.equal(true);
  expect(verifyOverDigest(scheme, key, digest, value)).to.equal(true);
  for (const at of [0, 5, value.length >> 1, value.length - 1]) {
    const damaged = Buffer.from(value);
    damaged[at]! ^= 1;
    expect(verifyOverDigest(scheme, key, digest, damaged)).to.equal(verifyOverBytes(scheme, key, content, damaged));
  }
  const other = hash(scheme.digest, Buffer.from('other content'));
  expect(verifyOverDigest(scheme, key, other, value)).to.equal(false);
}

function signPss(digest: DigestName, content: Buffer, key: KeyObject, saltLength: number): Buffer {
  return sign(digest, content, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}

/** The largest number whose cube is not above `value`. */
function cubeRoot(value: bigint): bigint {
  let [low, high] = [0n, 1n << 1025n];
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (middle ** 3n <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
}

function cubeOf(root: Buffer): Buffer {
  const cube = BigInt(`0x${root.toString('hex')}`) ** 3n;
  return Buffer.from(cube.toString(16).padStart(768, '0'), 'hex');
}
