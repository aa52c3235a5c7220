import type { KeyObject } from 'node:crypto';
import type { Scheme, WeakAlgorithm } from '../pki/signature-scheme.ts';
import { digestOf, keyFault, signatureScheme } from '../pki/signature-scheme.ts';
import type { SignedData, SignerInfo } from './cms.ts';

/** A scheme, or the sentence that says why the signature file's algorithms do not make one. */
export type SchemeOrFault = { readonly scheme: Scheme } | { readonly fault: string };

/** Reads the three places that name algorithms and requires that they say the same thing. */
export function schemeOf(signed: SignedData, signer: SignerInfo): SchemeOrFault {
  const digest = digestOf(signer.digestAlgorithm);
  if (!digest) return { fault: 'the digest algorithm is not one the engine knows' };
  const listed = signed.digestAlgorithms.map(digestOf);
  if (listed.length === 0 || listed.some((each) => each !== digest))
    return { fault: 'the digest algorithms of the file and of its signer differ' };
  const scheme = signatureScheme(signer.signatureAlgorithm, digest);
  if (!scheme) return { fault: 'the signature algorithm is not one the engine knows' };
  if (scheme.digest !== digest) return { fault: 'the signature algorithm uses another digest than the signer names' };
  return { scheme };
}

/** The rule of the policy that the scheme or the signer's key breaks; undefined when none. */
export function algorithmFault(scheme: Scheme, key: KeyObject, allow: readonly WeakAlgorithm[]): string | undefined {
  const { digest } = scheme;
  if ((digest === 'sha1' || digest === 'md5') && !allow.includes(digest)) return `the digest ${digest} is not allowed`;
  const kinds = scheme.kind === 'ecdsa' ? ['ec'] : scheme.kind === 'pss' ? ['rsa', 'rsa-pss'] : ['rsa'];
  if (!kinds.includes(key.asymmetricKeyType ?? '')) return 'the signature algorithm does not fit the key of the signer';
  return keyFault(key, allow);
}

/** The algorithm in words, for the report: "RSA-PSS with sha256, salt 32". */
export function nameOf(scheme: Scheme): string {
  if (scheme.kind === 'pss') return `RSA-PSS with ${scheme.digest}, salt ${scheme.saltLength}`;
  return `${scheme.kind === 'pkcs1' ? 'RSA PKCS#1 v1.5' : 'ECDSA'} with ${scheme.digest}`;
}
