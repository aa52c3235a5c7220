import type { KeyObject } from 'node:crypto';
import { constants, verify } from 'node:crypto';
import type { Scheme } from './signature-scheme.ts';

/** Verifies a signature over the octets themselves (signed attributes); false for every kind of bad signature. */
export function verifyOverBytes(scheme: Scheme, key: KeyObject, bytes: Buffer, signature: Buffer): boolean {
  return decided(() => {
    if (scheme.kind === 'pss') {
      const { saltLength } = scheme;
      return verify(scheme.digest, bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }, signature);
    }
    const how = scheme.kind === 'ecdsa' ? { dsaEncoding: 'der' as const } : { padding: constants.RSA_PKCS1_PADDING };
    return verify(scheme.digest, bytes, { key, ...how }, signature);
  });
}

/** OpenSSL throws for some bad signatures and answers false for others; to us both are "no". */
export function decided(question: () => boolean): boolean {
  try {
    return question();
  } catch {
    return false;
  }
}
