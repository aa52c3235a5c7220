import { createHash } from 'node:crypto';
import { EngineError } from '../../core/errors.ts';
import { OCSP } from '../../core/oids.ts';
import { type Certificate, parseCertificate } from '../certificate.ts';
import { isSignedBy } from '../chain.ts';
import { revoked } from './crl-check.ts';
import { GOOD, type RevocationFinding, unknownFor } from './finding.ts';
import { type CertificateId, certificateId, type OcspAnswer, type SingleAnswer } from './ocsp-message.ts';
import type { ResponderQuestion } from './revocation.ts';
import { signatureFault } from './signed-structure.ts';

/** What an answer comes to, and until when it may be kept; without a time it may not. */
export interface JudgedAnswer {
  readonly finding: RevocationFinding;
  readonly until?: Date;
}

const SKEW_MS = 300_000; // clocks of two houses differ

/**
 * Judges an answer by RFC 6960 §3.2: it is about this certificate, of this moment, carries the nonce of the request (or none, unless
 * one is required), and is signed by the issuer or by a responder that the issuer has certified for it. Otherwise nothing is known.
 */
export async function judgeAnswer(
  answer: OcspAnswer,
  question: ResponderQuestion,
  { nonce, required }: { readonly nonce: Buffer; readonly required: boolean },
): Promise<JudgedAnswer> {
  const { certificate, issuer, now } = question;
  const single = answer.answers.find(({ id }) => isAbout(id, certificateId(certificate, issuer)));
  if (!single) return unknown('it is about another certificate');
  const fault =
    nonceFault(answer, single, nonce, required) ?? timeFault(single, now) ?? (await responderFault(answer, question));
  return fault
    ? unknown(fault)
    : { finding: findingOf(single), ...(single.nextUpdate && { until: single.nextUpdate }) };
}

function unknown(fault: string): JudgedAnswer {
  return { finding: unknownFor([`the answer of the OCSP responder cannot be used: ${fault}`]) };
}

function findingOf({ status, revokedAt, thisUpdate }: SingleAnswer): RevocationFinding {
  if (status === 'revoked') return revoked(revokedAt ?? thisUpdate);
  return status === 'good' ? GOOD : unknownFor(['the OCSP responder does not know the certificate']);
}

function isAbout(id: SingleAnswer['id'], wanted: CertificateId): boolean {
  const same = id.nameHash.equals(wanted.nameHash) && id.keyHash.equals(wanted.keyHash);
  return id.sha1 && same && id.serial.equals(wanted.serial);
}

/** An answer made beforehand has no nonce: it is believed for as long as it says, and not at all when it does not say. */
function nonceFault(
  { nonce: given }: OcspAnswer,
  { nextUpdate }: SingleAnswer,
  nonce: Buffer,
  required: boolean,
): string | undefined {
  if (given) return given.equals(nonce) ? undefined : 'its nonce is not that of the request';
  if (required) return 'it has no nonce';
  return nextUpdate ? undefined : 'it has neither a nonce nor a time until which it is good';
}

function timeFault({ thisUpdate, nextUpdate }: SingleAnswer, now: Date): string | undefined {
  if (thisUpdate.getTime() > now.getTime() + SKEW_MS)
    return `it is dated ${thisUpdate.toISOString()}, which is to come`;
  const until = nextUpdate ?? new Date(thisUpdate.getTime() + 2 * SKEW_MS);
  return now > until ? `it is stale: it was good until ${until.toISOString()}` : undefined;
}

async function responderFault(answer: OcspAnswer, question: ResponderQuestion): Promise<string | undefined> {
  const { issuer, allow } = question;
  if (isResponder(answer, issuer)) return signatureFault(answer, issuer.key, allow);
  const responder = answer.certificates.flatMap(readable).find((each) => isResponder(answer, each));
  if (!responder) return 'the certificate of its signer is not known';
  return (await delegationFault(responder, question)) ?? signatureFault(answer, responder.key, allow);
}

function isResponder({ responder }: OcspAnswer, { subjectKey, keyBits }: Certificate): boolean {
  if ('nameKey' in responder) return responder.nameKey === subjectKey;
  return createHash('sha1').update(keyBits).digest().equals(responder.keyHash);
}

/** RFC 6960 §4.2.2.2: certified for this by the very issuer of the certificate in question, in force, and not revoked. */
async function delegationFault(responder: Certificate, question: ResponderQuestion): Promise<string | undefined> {
  const { issuer, now, ofResponder } = question;
  if (responder.issuerKey !== issuer.subjectKey || !isSignedBy(responder, issuer))
    return 'its signer was not certified by the issuer';
  if (!responder.extendedKeyUsage?.includes(OCSP.signing)) return 'its signer is not certified for OCSP';
  if (responder.unknownCritical) return 'its signer has a critical extension the engine does not know';
  if (now < responder.notBefore || now > responder.notAfter) return 'the certificate of its signer is not valid now';
  if (responder.noRevocationCheck) return undefined;
  const finding = await ofResponder(responder);
  return finding.status === 'revoked' ? `its signer was ${finding.detail}` : undefined;
}

function readable(raw: Buffer): Certificate[] {
  try {
    return [parseCertificate(raw)];
  } catch (error) {
    if (error instanceof EngineError && error.code === 'message_malformed') return [];
    throw error;
  }
}
