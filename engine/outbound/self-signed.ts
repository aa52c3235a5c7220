import type { KeyObject } from 'node:crypto';
import { createHash, createPublicKey, randomBytes, sign, X509Certificate } from 'node:crypto';
import { der, oid, oidHex, sequence, setOf, smallInteger, TAG, time } from '../core/der.ts';
import { EXTENSION, OID } from '../core/oids.ts';

export interface SelfSignedRequest {
  /** An RSA key. */
  readonly privateKey: KeyObject;
  readonly commonName: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const COMMON_NAME = oidHex('2.5.4.3');
const EMAIL_PROTECTION = oidHex('1.3.6.1.5.5.7.3.4');
const BIT_STRING_WHOLE = Buffer.from([0]);

/**
 * A certificate (RFC 5280 §4.1) that its own key has signed, for signing and nothing else: not a CA, key usage digitalSignature and
 * nonRepudiation, extended key usage e-mail protection, so that S/MIME tools take it without being told a purpose.
 */
export function selfSigned({ privateKey, commonName, notBefore, notAfter }: SelfSignedRequest): X509Certificate {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const name = sequence(setOf([sequence(oid(COMMON_NAME), der(TAG.utf8String, Buffer.from(commonName)))]));
  const body = sequence(
    der(0xa0, smallInteger(2)),
    der(TAG.integer, serialNumber()),
    sha256WithRsa,
    name,
    sequence(time(notBefore), time(notAfter)),
    name,
    publicKey,
    der(0xa3, sequence(...extensions(publicKey))),
  );
  const signature = der(TAG.bitString, BIT_STRING_WHOLE, sign('sha256', body, privateKey));
  return new X509Certificate(sequence(body, sha256WithRsa, signature));
}

const sha256WithRsa = sequence(oid(OID.sha256WithRsa), der(TAG.null));

/** Sixteen random octets; the first neither zero nor negative. */
function serialNumber(): Buffer {
  const octets = randomBytes(16);
  octets[0] = (octets[0]! & 0x3f) | 0x40;
  return octets;
}

function extensions(publicKey: Buffer): Buffer[] {
  const keyId = createHash('sha256').update(publicKey).digest().subarray(0, 20);
  const signingBits = Buffer.from([6, 0xc0]); // digitalSignature, nonRepudiation; six bits unused
  return [
    extension(EXTENSION.basicConstraints, sequence(), true),
    extension(EXTENSION.keyUsage, der(TAG.bitString, signingBits), true),
    extension(EXTENSION.extendedKeyUsage, sequence(oid(EMAIL_PROTECTION)), false),
    extension(EXTENSION.subjectKeyIdentifier, der(TAG.octetString, keyId), false),
  ];
}

function extension(type: string, value: Buffer, critical: boolean): Buffer {
  const mark = critical ? [der(TAG.boolean, Buffer.from([0xff]))] : [];
  return sequence(oid(type), ...mark, der(TAG.octetString, value));
}
