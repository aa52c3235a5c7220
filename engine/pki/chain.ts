import { SIGNING_USES } from '../core/oids.ts';
import type { Certificate } from './certificate.ts';
import { KEY_USAGE } from './certificate.ts';
import type { WeakAlgorithm } from './signature-scheme.ts';
import { keyFault, signatureScheme } from './signature-scheme.ts';
import type { Trust } from './trust.ts';

/** What a chain is looked for with. */
export interface ChainRequest {
  readonly leaf: Certificate;
  /** Certificates that came with the signature: they may stand between, never at the end. */
  readonly offered: readonly Certificate[];
  readonly trust: Trust;
  readonly allow: readonly WeakAlgorithm[];
  /** A certificate signed by itself is taken without an anchor. */
  readonly acceptSelfSigned: boolean;
  readonly now: Date;
}

/** The way from the signer to an anchor, with the first rule it breaks; no path: no anchor was reached. */
export interface Chain {
  readonly path?: readonly Certificate[];
  readonly trustFault?: string;
  readonly validityFault?: string;
}

const MAX_LENGTH = 8;
/** A crafted bag of certificates with equal names could make the search grow without end. */
const MAX_CHECKS = 64;

interface Search {
  readonly request: ChainRequest;
  readonly between: readonly Certificate[];
  checksLeft: number;
}

/** Looks for a way to an anchor that keeps every rule; failing that, tells what is wrong with the first way found. */
export function findChain(request: ChainRequest): Chain {
  // a key that breaks the rules could also be one that takes long to verify with
  const between = request.offered.filter(({ ca, key }) => ca && !keyFault(key, request.allow));
  let first: Chain | undefined;
  for (const path of pathsFrom([request.leaf], { request, between, checksLeft: MAX_CHECKS })) {
    const chain = judge(path, request);
    if (!chain.trustFault && !chain.validityFault) return chain;
    first ??= chain;
  }
  return first ?? { ...withoutPath(request), trustFault: noAnchor(request.leaf) };
}

function withoutPath({ leaf, now }: ChainRequest): Chain {
  const validityFault = datesFault(leaf, now);
  return validityFault ? { validityFault } : {};
}

function noAnchor(leaf: Certificate): string {
  return isSelfIssued(leaf)
    ? 'the certificate of the signer is signed by itself and is not a configured trust anchor'
    : 'the certificate of the signer was not issued under a configured trust anchor';
}

function* pathsFrom(path: readonly Certificate[], search: Search): Generator<readonly Certificate[]> {
  const { request, between } = search;
  const last = path.at(-1)!;
  if (isAnchor(last, request)) return yield path;
  if (path.length >= MAX_LENGTH) return;
  for (const issuer of [...request.trust.anchors, ...between]) {
    if (!issuer.subject.equals(last.issuer) || path.some(({ raw }) => raw.equals(issuer.raw))) continue;
    if (search.checksLeft-- <= 0) return;
    if (isSignedBy(last, issuer)) yield* pathsFrom([...path, issuer], search);
  }
}

function isAnchor(certificate: Certificate, { leaf, trust, acceptSelfSigned }: ChainRequest): boolean {
  if (trust.anchors.some(({ raw }) => raw.equals(certificate.raw))) return true;
  return acceptSelfSigned && certificate === leaf && isSelfIssued(leaf) && isSignedBy(leaf, leaf);
}

function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return issuer.equals(subject);
}

function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  try {
    return certificate.x509.verify(issuer.key);
  } catch {
    return false; // the issuer's key is of a kind OpenSSL cannot use
  }
}

function judge(path: readonly Certificate[], request: ChainRequest): Chain {
  const [leaf, ...issuers] = path as [Certificate, ...Certificate[]];
  const faults = [
    leafFault(leaf),
    ...issuers.map((issuer, below) => issuerFault(issuer, issuers.slice(0, below), request.allow)),
    ...path.slice(0, -1).map((certificate) => weakFault(certificate, request.allow)),
  ];
  const trustFault = faults.find((fault) => fault !== undefined);
  const validityFault = path.map((each) => datesFault(each, request.now)).find((fault) => fault !== undefined);
  return { path, ...(trustFault && { trustFault }), ...(validityFault && { validityFault }) };
}

function leafFault({ ca, keyUsage, extendedKeyUsage, unknownCritical }: Certificate): string | undefined {
  if (ca) return 'the signer used the certificate of a certificate authority';
  const signing = KEY_USAGE.digitalSignature | KEY_USAGE.nonRepudiation;
  if (keyUsage !== undefined && !(keyUsage & signing))
    return 'the key usage of the certificate does not include signing';
  if (extendedKeyUsage && !extendedKeyUsage.some((use) => SIGNING_USES.includes(use)))
    return 'the extended key usage of the certificate does not include signing';
  return unknownCritical ? 'the certificate has a critical extension the engine does not know' : undefined;
}

function issuerFault(
  issuer: Certificate,
  below: readonly Certificate[],
  allow: readonly WeakAlgorithm[],
): string | undefined {
  const { ca, keyUsage, pathLength, unknownCritical } = issuer;
  if (!ca) return 'a certificate of the chain was issued by one that is no certificate authority';
  if (keyUsage !== undefined && !(keyUsage & KEY_USAGE.certificateSigning))
    return 'the key usage of a certificate authority does not include signing certificates';
  if (pathLength !== undefined && below.filter((each) => !isSelfIssued(each)).length > pathLength)
    return 'the chain is longer than a certificate authority allows';
  if (unknownCritical) return 'a certificate authority has a critical extension the engine does not know';
  const fault = keyFault(issuer.key, allow);
  return fault && `certificate authority: ${fault}`;
}

/** An anchor is trusted as it is; how every other certificate was signed counts. */
function weakFault({ signatureAlgorithm }: Certificate, allow: readonly WeakAlgorithm[]): string | undefined {
  const digest = signatureScheme(signatureAlgorithm, 'md5')?.digest;
  if (!digest) return 'a certificate of the chain is signed with an algorithm the engine does not know';
  const weak = (digest === 'sha1' || digest === 'md5') && !allow.includes(digest);
  return weak ? `a certificate of the chain is signed with ${digest}, which is not allowed` : undefined;
}

function datesFault({ ca, notBefore, notAfter }: Certificate, now: Date): string | undefined {
  const which = ca ? 'a certificate authority of the chain' : 'the certificate of the signer';
  if (now < notBefore) return `${which} is not valid before ${notBefore.toISOString()}`;
  return now > notAfter ? `${which} expired on ${notAfter.toISOString()}` : undefined;
}
