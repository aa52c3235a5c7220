import type { KeyObject } from 'node:crypto';
import type { BerNode } from '../../core/ber.ts';
import { contentOf, malformed } from '../../core/ber.ts';
import { TAG } from '../../core/der.ts';
import type { AlgorithmId } from '../../core/der-fields.ts';
import type { WeakAlgorithm } from '../signature-scheme.ts';
import { keyFault, signatureScheme } from '../signature-scheme.ts';
import { verifyOverBytes } from '../verify.ts';

/** What is signed, with the signature on it: a revocation list or an OCSP answer. */
export interface SignedStructure {
  /** The octets that the signature is over. */
  readonly signed: Buffer;
  readonly algorithm: AlgorithmId;
  readonly signature: Buffer;
}

/** The octets of a BIT STRING of whole octets. */
export function bitsOf(node: BerNode): Buffer {
  const content = contentOf(node);
  if (node.tag !== TAG.bitString || content[0] !== 0) throw malformed('a signature is not as it should be');
  return content.subarray(1);
}

/** Why the signature is not accepted as one by this key: algorithm, key or value; undefined when it is. */
export function signatureFault(
  { signed, algorithm, signature }: SignedStructure,
  key: KeyObject,
  allow: readonly WeakAlgorithm[],
): string | undefined {
  const fault = keyFault(key, allow);
  if (fault) return fault;
  const scheme = algorithm.oid === '' ? undefined : signatureScheme(algorithm, 'md5');
  if (!scheme) return 'it is signed with an algorithm the engine does not know';
  const { digest } = scheme;
  if ((digest === 'sha1' || digest === 'md5') && !allow.includes(digest))
    return `it is signed with ${digest}, which is not allowed`;
  return verifyOverBytes(scheme, key, signed, signature) ? undefined : 'its signature is not that of its issuer';
}
