import { SIGNING_USES } from '../core/oids.ts';
import type { Certificate } from './certificate.ts';
import { KEY_USAGE } from './certificate.ts';
import type { WeakAlgorithm } from './signature-scheme.ts';
import { keyFault, signatureScheme } from './signature-scheme.ts';

/** What a certificate at the beginning of a path is to be good for; `any`: only the path is judged. */
export type Purpose = 'signing' | 'any';

/** Whether issuer and subject are the same (RFC 5280 §3.2): such a certificate may have been signed with another key. */
export function isSelfIssued({ issuerKey, subjectKey }: Certificate): boolean {
  return issuerKey === subjectKey;
}

/** The first rule of RFC 5280 §6.1 or of the operator that a path breaks, its dates apart; the last of the path is an anchor. */
export function pathFault(
  path: readonly Certificate[],
  purpose: Purpose,
  allow: readonly WeakAlgorithm[],
): string | undefined {
  const [leaf, ...issuers] = path as [Certificate, ...Certificate[]];
  const faults = [
    purpose === 'signing' ? signingFault(leaf) : undefined,
    criticalFault(leaf, 'the certificate'),
    ...issuers.map((issuer, below) => issuerFault(issuer, issuers.slice(0, below), allow)),
    // an anchor is trusted as it is; how every other certificate was signed counts
    ...path.slice(0, -1).map((certificate) => weakFault(certificate, allow)),
  ];
  return faults.find((fault) => fault !== undefined);
}

/** The rule by which a certificate may not sign files, whatever its chain and dates; undefined when it may. */
export function signingFault({ ca, keyUsage, extendedKeyUsage }: Certificate): string | undefined {
  if (ca) return 'the signer used the certificate of a certificate authority';
  const signing = KEY_USAGE.digitalSignature | KEY_USAGE.nonRepudiation;
  if (keyUsage !== undefined && !(keyUsage & signing))
    return 'the key usage of the certificate does not include signing';
  if (extendedKeyUsage && !extendedKeyUsage.some((use) => SIGNING_USES.includes(use)))
    return 'the extended key usage of the certificate does not include signing';
  return undefined;
}

function criticalFault({ unknownCritical }: Certificate, which: string): string | undefined {
  return unknownCritical ? `${which} has a critical extension the engine does not know` : undefined;
}

function issuerFault(
  issuer: Certificate,
  below: readonly Certificate[],
  allow: readonly WeakAlgorithm[],
): string | undefined {
  const { ca, keyUsage, pathLength, constrainsNames } = issuer;
  if (!ca) return 'a certificate of the chain was issued by one that is no certificate authority';
  if (keyUsage !== undefined && !(keyUsage & KEY_USAGE.certificateSigning))
    return 'the key usage of a certificate authority does not include signing certificates';
  if (pathLength !== undefined && below.filter((each) => !isSelfIssued(each)).length > pathLength)
    return 'the chain is longer than a certificate authority allows';
  if (constrainsNames) return 'a certificate authority constrains the names below it, which the engine does not judge';
  const fault = keyFault(issuer.key, allow);
  return criticalFault(issuer, 'a certificate authority') ?? (fault && `certificate authority: ${fault}`);
}

function weakFault({ signatureAlgorithm }: Certificate, allow: readonly WeakAlgorithm[]): string | undefined {
  const digest = signatureScheme(signatureAlgorithm, 'md5')?.digest;
  if (!digest) return 'a certificate of the chain is signed with an algorithm the engine does not know';
  const weak = (digest === 'sha1' || digest === 'md5') && !allow.includes(digest);
  return weak ? `a certificate of the chain is signed with ${digest}, which is not allowed` : undefined;
}

/** The certificate of a path that is not valid at this moment (RFC 5280 §4.1.2.5: both ends included); undefined when all are. */
export function datesFault(path: readonly Certificate[], now: Date): string | undefined {
  return path.map((each) => dateFault(each, now)).find((fault) => fault !== undefined);
}

function dateFault({ ca, notBefore, notAfter }: Certificate, now: Date): string | undefined {
  const which = ca ? 'a certificate authority of the chain' : 'the certificate of the signer';
  if (now < notBefore) return `${which} is not valid before ${notBefore.toISOString()}`;
  return now > notAfter ? `${which} expired on ${notAfter.toISOString()}` : undefined;
}
