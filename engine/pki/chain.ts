import type { Certificate } from './certificate.ts';
import { datesFault, isSelfIssued, type Purpose, pathFault } from './path-rules.ts';
import type { WeakAlgorithm } from './signature-scheme.ts';
import { keyFault } from './signature-scheme.ts';
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
  /** What the leaf is to be good for; default `signing`. */
  readonly purpose?: Purpose;
}

/** The way from the signer to an anchor, with the first rule it breaks; no path: no anchor was reached. */
export interface Chain {
  readonly path?: readonly Certificate[];
  readonly trustFault?: string;
  readonly validityFault?: string;
}

/** A chain that keeps every rule. */
export interface SoundChain extends Chain {
  readonly path: readonly Certificate[];
}

const MAX_LENGTH = 8;
/** A crafted bag of certificates with equal names could make the search grow without end. */
const MAX_CHECKS = 64;

interface Search {
  readonly request: ChainRequest;
  checksLeft: number;
  /** Why an issuer of the right name was passed over. */
  passedOver?: string;
}

/** Looks for a way to an anchor that keeps every rule; failing that, tells what is wrong with the first way found. */
export function findChain(request: ChainRequest): Chain {
  const search = searchFor(request);
  let first: Chain | undefined;
  for (const chain of chainsOf(search)) {
    if (isSound(chain)) return chain;
    first ??= chain;
  }
  return first ?? { ...withoutPath(request), trustFault: noAnchor(search) };
}

/** The ways to an anchor that keep every rule (RFC 5280 §6.1), at most `most`: cross certificates make more than one. */
export function soundChains(request: ChainRequest, most: number): readonly SoundChain[] {
  const sound: SoundChain[] = [];
  for (const chain of chainsOf(searchFor(request))) {
    if (isSound(chain)) sound.push(chain);
    if (sound.length >= most) break;
  }
  return sound;
}

function isSound(chain: Chain): chain is SoundChain {
  return chain.path !== undefined && !chain.trustFault && !chain.validityFault;
}

function searchFor(request: ChainRequest): Search {
  return { request, checksLeft: MAX_CHECKS };
}

function* chainsOf(search: Search): Generator<Chain> {
  const { allow, now, purpose = 'signing' } = search.request;
  for (const path of pathsFrom([search.request.leaf], search)) {
    const trustFault = pathFault(path, purpose, allow);
    const validityFault = datesFault(path, now);
    yield { path, ...(trustFault && { trustFault }), ...(validityFault && { validityFault }) };
  }
}

function withoutPath({ leaf, now }: ChainRequest): Chain {
  const validityFault = datesFault([leaf], now);
  return validityFault ? { validityFault } : {};
}

function noAnchor({ request, passedOver }: Search): string {
  const fault = isSelfIssued(request.leaf)
    ? 'the certificate of the signer is signed by itself and is not a configured trust anchor'
    : 'the certificate of the signer was not issued under a configured trust anchor';
  return passedOver === undefined ? fault : `${fault}; a certificate authority was passed over: ${passedOver}`;
}

function* pathsFrom(path: readonly Certificate[], search: Search): Generator<readonly Certificate[]> {
  const { request } = search;
  const last = path.at(-1)!;
  if (isAnchor(last, request)) return yield path;
  if (path.length >= MAX_LENGTH) return;
  for (const issuer of [...request.trust.anchors, ...request.offered]) {
    if (issuer.subjectKey !== last.issuerKey || path.some((each) => isAgain(each, issuer))) continue;
    if (search.checksLeft-- <= 0) return;
    if (isUsable(issuer, search) && isSignedBy(last, issuer)) yield* pathsFrom([...path, issuer], search);
  }
}

/** The same subject with the same key once more leads nowhere new, whoever certified it: cross certificates go in circles. */
function isAgain(one: Certificate, other: Certificate): boolean {
  return one.raw.equals(other.raw) || (one.subjectKey === other.subjectKey && one.keyBits.equals(other.keyBits));
}

/** A key that breaks the rules could also be one that takes long to verify with. */
function isUsable(issuer: Certificate, search: Search): boolean {
  const fault = keyFault(issuer.key, search.request.allow);
  if (fault && !isAnchor(issuer, search.request)) search.passedOver ??= fault;
  return fault === undefined || isAnchor(issuer, search.request);
}

function isAnchor(certificate: Certificate, { leaf, trust, acceptSelfSigned }: ChainRequest): boolean {
  if (trust.anchors.some(({ raw }) => raw.equals(certificate.raw))) return true;
  return acceptSelfSigned && certificate === leaf && isSelfIssued(leaf) && isSignedBy(leaf, leaf);
}

/** Whether the signature on a certificate is by the key of another; names are not compared. */
export function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  try {
    return certificate.x509.verify(issuer.key);
  } catch {
    return false; // the issuer's key is of a kind OpenSSL cannot use
  }
}
