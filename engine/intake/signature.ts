import type { X509Certificate } from 'node:crypto';
import { EngineError } from '../core/errors.ts';
import { OID } from '../core/oids.ts';
import type { Certificate } from '../pki/certificate.ts';
import type { Chain } from '../pki/chain.ts';
import { nameWithoutInss } from '../pki/describe.ts';
import { judgePath } from '../pki/judge.ts';
import type { RevocationFinding } from '../pki/revocation/finding.ts';
import type { CheckRevocation } from '../pki/revocation/revocation.ts';
import type { WeakAlgorithm } from '../pki/signature-scheme.ts';
import type { Trust } from '../pki/trust.ts';
import type { SignedData, SignerInfo } from './cms.ts';
import { readSignedData } from './cms.ts';
import type { SchemeOrFault } from './signature-algorithm.ts';
import { algorithmFault, nameOf, schemeOf } from './signature-algorithm.ts';
import { attributesFault, signingTimeOf } from './signature-attributes.ts';
import { decodeSignature } from './signature-encoding.ts';
import { matchContent } from './signature-integrity.ts';
import type { Check, DigestOf, RevocationReport, SignatureReport } from './signature-report.ts';
import type { Signer } from './signer.ts';
import { candidatesOf, findSigner } from './signer.ts';

/** What the operator decides about signatures. */
export interface SignaturePolicy {
  /** Weak algorithms that are accepted all the same; normally none. */
  readonly allow: readonly WeakAlgorithm[];
  /** `registered`: a certificate signed by itself needs no anchor when it is registered for the sender. */
  readonly selfSigned: 'refused' | 'registered';
  /** Largest signature file in octets. */
  readonly maxBytes: number;
}

/** No weak algorithm, no self-signed certificate, files up to 256 KiB. */
export const DEFAULT_SIGNATURE_POLICY: SignaturePolicy = { allow: [], selfSigned: 'refused', maxBytes: 256 * 1024 };

export interface SignatureRequest {
  /** The signature file as it was received. */
  readonly signature: Buffer;
  readonly digestOf: DigestOf;
  /** The first octets of the signed content: at least 16, or all of it when it is shorter. */
  readonly contentStart: Buffer;
  /** The certificates registered for the sender. */
  readonly certificates: readonly X509Certificate[];
  readonly trust: Trust;
  readonly policy: SignaturePolicy;
  /** The time of receipt. */
  readonly now: Date;
  /** Absent: nobody is asked about revocation, as with a soft policy and nobody to ask. */
  readonly revocation?: RevocationPolicy;
}

/** Who is asked about revocation, and what follows when nothing is known: `hard` refuses the signature, `soft` notes it. */
export interface RevocationPolicy {
  readonly check: CheckRevocation;
  readonly unknown: 'hard' | 'soft';
}

const PASSED: Check = { outcome: 'passed', detail: '' };
const failed = (detail: string): Check => ({ outcome: 'failed', detail });
const unseen = (detail: string): Check => ({ outcome: 'indeterminate', detail });
const checked = (fault: string | undefined): Check => (fault ? failed(fault) : PASSED);

interface Opened {
  readonly signed: SignedData;
  readonly info: SignerInfo;
}

type Checks = Pick<
  SignatureReport,
  'integrity' | 'attributes' | 'algorithms' | 'chain' | 'validity' | 'revocation' | 'senderBinding'
>;

/**
 * Verifies a detached signature (protocol §1.5) and tells property by property how it came out. Bad input of any kind is a report,
 * never an error; the only errors that get out are those of `digestOf`. The content is never read: its digests are asked for,
 * `text` only when `raw` did not match.
 */
export async function verifySignature(request: SignatureRequest): Promise<SignatureReport> {
  const opened = open(request);
  if (typeof opened === 'string') return reportOf(unreadable(opened));
  const { signed, info } = opened;
  const candidates = candidatesOf(signed.certificates, request.certificates);
  const signer = findSigner(info.id, candidates);
  if (!signer) return reportOf(withoutSigner());
  return examine(request, opened, signer, candidates.offered);
}

async function examine(
  request: SignatureRequest,
  { signed, info }: Opened,
  signer: Signer,
  offered: readonly Certificate[],
): Promise<SignatureReport> {
  const { certificate, registered } = signer;
  const { policy } = request;
  const scheme = schemeOrFault(signed, info);
  const attributes = checked(attempt(() => attributesFault(info, request.contentStart)));
  const algorithms = checked(schemeFault(scheme, certificate, policy.allow));
  const sound = attributes.outcome === 'passed' && algorithms.outcome === 'passed';
  const match =
    sound && 'scheme' in scheme ? await matchContent(info, scheme.scheme, certificate, request.digestOf) : undefined;
  const ways = { ...request, ...chainWishes(policy, signer), leaf: certificate, offered };
  // nobody is asked about certificates that sign nothing here
  const asked = match && match.fault === undefined && registered ? request.revocation?.check : undefined;
  const { chain, revocation } = await judgePath(ways, asked);
  const checks = {
    integrity: match ? checked(match.fault) : unseen('the algorithms or attributes did not allow a verification'),
    attributes,
    algorithms,
    chain: checked(chain.trustFault),
    validity: validityOf(chain),
    revocation: revocationOf(revocation, request.revocation?.unknown),
    senderBinding: checked(registered ? undefined : 'the certificate of the signer is not registered for this sender'),
  };
  return { ...reportOf(checks), ...factsOf(info, scheme, certificate), ...(match?.form && { form: match.form }) };
}

function open({ signature, policy }: SignatureRequest): Opened | string {
  if (signature.length > policy.maxBytes) return `the signature file is larger than ${policy.maxBytes} bytes`;
  const signed = attempt(() => readSignedData(decodeSignature(signature)));
  if (typeof signed === 'string') return signed;
  if (signed.attached) return 'the signature file holds content of its own: it must be detached';
  if (signed.contentType !== OID.data) return 'the signed content is not declared as "data"';
  const [info, ...others] = signed.signers;
  if (!info) return 'nobody has signed';
  return others.length > 0 ? 'there is more than one signer' : { signed, info };
}

/** Reading what a stranger wrote: the result, or the sentence that says why it cannot be read. */
function attempt<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    if (error instanceof EngineError && error.code === 'message_malformed') return error.message;
    throw error;
  }
}

function schemeOrFault(signed: SignedData, info: SignerInfo): SchemeOrFault {
  const scheme = attempt(() => schemeOf(signed, info));
  return typeof scheme === 'string' ? { fault: scheme } : scheme;
}

function schemeFault(scheme: SchemeOrFault, { key }: Certificate, allow: readonly WeakAlgorithm[]): string | undefined {
  return 'fault' in scheme ? scheme.fault : algorithmFault(scheme.scheme, key, allow);
}

function chainWishes({ allow, selfSigned }: SignaturePolicy, { registered }: Signer) {
  return { allow, acceptSelfSigned: selfSigned === 'registered' && registered };
}

function validityOf({ path, validityFault }: Chain): Check {
  if (validityFault) return failed(validityFault);
  return path ? PASSED : unseen('there is no chain to look at');
}

function revocationOf(
  finding: RevocationFinding | undefined,
  unknown: RevocationPolicy['unknown'] | undefined,
): RevocationReport {
  if (!finding) return NOT_ASKED;
  const { status } = finding;
  if (status === 'good') return { ...PASSED, status };
  if (status === 'revoked') return { ...failed(`the certificate was ${finding.detail}`), status };
  const detail = `revocation unknown: ${finding.detail}`;
  return { ...(unknown === 'hard' ? failed(detail) : unseen(detail)), status };
}

const NOT_ASKED: RevocationReport = { ...unseen('revocation unknown: nobody was asked'), status: 'unknown' };

function unreadable(fault: string): Checks {
  const rest = unseen('the signature file could not be used');
  const [attributes, algorithms, chain, validity, senderBinding] = [rest, rest, rest, rest, rest];
  return { integrity: failed(fault), attributes, algorithms, chain, validity, revocation: NOT_ASKED, senderBinding };
}

function withoutSigner(): Checks {
  const fault = 'the certificate of the signer is neither in the signature file nor registered for this sender';
  const rest = unseen('the certificate of the signer is not known');
  const [integrity, attributes, algorithms, chain, validity] = [rest, rest, rest, rest, rest];
  return { integrity, attributes, algorithms, chain, validity, revocation: NOT_ASKED, senderBinding: failed(fault) };
}

function reportOf(checks: Checks): SignatureReport {
  const { senderBinding, revocation, ...others } = checks;
  const passed = Object.values(others).every(({ outcome }) => outcome === 'passed');
  const rest = passed && revocation.outcome !== 'failed';
  if (rest && senderBinding.outcome === 'passed') return { verdict: 'valid', code: null, ...checks };
  return { verdict: 'invalid', code: rest ? '153' : '125', ...checks };
}

function factsOf(info: SignerInfo, scheme: SchemeOrFault, certificate: Certificate): Partial<SignatureReport> {
  const signingTime = signingTimeOf(info);
  return {
    ...('scheme' in scheme && { digest: scheme.scheme.digest, signatureAlgorithm: nameOf(scheme.scheme) }),
    signedAttributes: info.attributes !== undefined,
    signer: describe(certificate),
    ...(signingTime && { signingTime }),
  };
}

function describe({ x509, notBefore, notAfter }: Certificate): NonNullable<SignatureReport['signer']> {
  return {
    subject: nameWithoutInss(x509.subject),
    issuer: nameWithoutInss(x509.issuer),
    serial: x509.serialNumber,
    fingerprint: x509.fingerprint256,
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
  };
}
