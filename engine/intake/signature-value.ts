import type { KeyObject } from 'node:crypto';
import { constants, createHash, createPublicKey, publicDecrypt, timingSafeEqual } from 'node:crypto';
import { rawOf, readDer } from '../core/ber.ts';
import { der, oid, sequence, TAG } from '../core/der.ts';
import { OID } from '../core/oids.ts';
import { unreachable } from '../core/unreachable.ts';
import type { DigestName, Scheme } from '../pki/signature-scheme.ts';
import { decided } from '../pki/verify.ts';
import { verifyEcdsaDigest } from './ecdsa-digest.ts';

/**
 * Verifies a signature over content of which only the digest is known (no signed attributes): Node verifies nothing that is
 * already hashed, so RSA is opened with the public key and compared, and ECDSA is turned into an equal question (ecdsa-digest.ts).
 */
export function verifyOverDigest(scheme: Scheme, key: KeyObject, digest: Buffer, signature: Buffer): boolean {
  return decided(() => {
    switch (scheme.kind) {
      case 'ecdsa':
        return verifyEcdsaDigest(key, digest, signature);
      case 'pkcs1':
        return verifyPkcs1Digest(key, scheme.digest, digest, signature);
      case 'pss':
        return verifyPssDigest(key, scheme, digest, signature);
      default:
        return unreachable(scheme);
    }
  });
}

const DIGEST_OID: Readonly<Record<DigestName, string>> = {
  md5: OID.md5,
  sha1: OID.sha1,
  sha256: OID.sha256,
  sha384: OID.sha384,
  sha512: OID.sha512,
};

/** RFC 8017 §8.2.2: the expected block is built and compared whole; nothing the signer made is ever parsed. */
function verifyPkcs1Digest(key: KeyObject, name: DigestName, digest: Buffer, signature: Buffer): boolean {
  const block = openRsa(key, signature);
  const info = sequence(sequence(oid(DIGEST_OID[name]), der(TAG.null)), der(TAG.octetString, digest));
  const padding = Buffer.alloc(block.length - info.length - 3, 0xff);
  const expected = Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), info]);
  return expected.length === block.length && timingSafeEqual(expected, block);
}

/** RFC 8017 §9.1.2 (EMSA-PSS-VERIFY) with MGF1 over the same digest. */
function verifyPssDigest(key: KeyObject, scheme: Scheme & { kind: 'pss' }, digest: Buffer, signature: Buffer): boolean {
  if (!keyPermits(key, scheme)) return false;
  const block = openRsa(key, signature);
  const bits = (key.asymmetricKeyDetails?.modulusLength ?? 0) - 1;
  const spare = block.length - Math.ceil(bits / 8);
  const encoded = block.subarray(spare);
  const seedFrom = encoded.length - digest.length - 1;
  const saltFrom = seedFrom - scheme.saltLength;
  if (block.subarray(0, spare).some((octet) => octet !== 0) || saltFrom < 1 || encoded.at(-1) !== 0xbc) return false;

  const unused = 0xff & (0xff << (8 - (8 * encoded.length - bits)));
  if (encoded[0]! & unused) return false;
  const seed = encoded.subarray(seedFrom, -1);
  const data = xor(encoded.subarray(0, seedFrom), mask(scheme.digest, seed, seedFrom));
  data[0]! &= ~unused;
  if (data[saltFrom - 1] !== 1 || data.subarray(0, saltFrom - 1).some((octet) => octet !== 0)) return false;
  const expected = createHash(scheme.digest)
    .update(Buffer.alloc(8))
    .update(digest)
    .update(data.subarray(saltFrom))
    .digest();
  return timingSafeEqual(expected, seed);
}

/** An RSASSA-PSS key may prescribe its digest, its mask and its shortest salt. */
function keyPermits(key: KeyObject, { digest, saltLength }: Scheme & { kind: 'pss' }): boolean {
  const { hashAlgorithm = digest, mgf1HashAlgorithm = digest, saltLength: least = 0 } = key.asymmetricKeyDetails ?? {};
  return hashAlgorithm === digest && mgf1HashAlgorithm === digest && saltLength >= least;
}

/** The signature to the power of the public exponent; as long as the modulus, or an error. */
function openRsa(key: KeyObject, signature: Buffer): Buffer {
  const length = Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
  if (signature.length !== length) return Buffer.alloc(0);
  return publicDecrypt({ key: plainRsa(key), padding: constants.RSA_NO_PADDING }, signature);
}

/** OpenSSL opens nothing with a key marked for PSS only: the same numbers, marked as a plain RSA key. */
function plainRsa(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'rsa-pss') return key;
  const numbers = readDer(key.export({ type: 'spki', format: 'der' })).children[1]!;
  const spki = sequence(sequence(oid(OID.rsaEncryption), der(TAG.null)), rawOf(numbers));
  return createPublicKey({ key: spki, type: 'spki', format: 'der' });
}

function mask(name: DigestName, seed: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let size = 0, counter = 0; size < length; counter++) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    const block = createHash(name).update(seed).update(count).digest();
    blocks.push(block);
    size += block.length;
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function xor(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((octet, at) => octet ^ right[at]!));
}
