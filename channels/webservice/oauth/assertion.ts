import { type KeyObject, X509Certificate } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../../../engine/core/clock.ts';
import type { RefusalReason } from '../../../engine/registry/refusals.ts';

/** Signatures that an assertion may have; the key's own kind must fit, so that no algorithm can be swapped for another. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'];

const MOST_BYTES = 8_192;
const SKEW_S = 30;
const LONGEST_LIFE_S = 3_600;

/** An assertion that proves that its client holds a registered key. */
export interface ProvenAssertion {
  readonly kind: 'proven';
  readonly jti: string;
  /** From when on it is refused for its age. */
  readonly expiresAt: Date;
}

export type AssertionOutcome = ProvenAssertion | { readonly kind: 'refused'; readonly reason: RefusalReason };

/** Who an assertion says it is from, before anything is proved; undefined when it is no assertion of a sender. */
export interface Claimant {
  /** As it calls itself. */
  readonly client: string;
  /** Six digits. */
  readonly sender: string;
}

// the authority's form, and the one before it (protocol §1.10)
const CLIENT = /^self_service_(?:chaman|expeditor)_(\d{6})(?:_[A-Za-z0-9_-]{1,40})?$/;

/** Reads whom the assertion names: its issuer and its subject, which must be the same. */
export function claimantOf(assertion: string): Claimant | undefined {
  if (assertion.length > MOST_BYTES) return undefined;
  try {
    const { iss, sub } = decodeJwt(assertion);
    const sender = typeof iss === 'string' && iss === sub ? CLIENT.exec(iss)?.[1] : undefined;
    return sender === undefined ? undefined : { client: String(iss), sender };
  } catch {
    return undefined;
  }
}

export interface AssertionChecks {
  /** The sender's registered certificates, PEM. */
  readonly certificates: readonly string[];
  /** What the assertion is for: the address of the token endpoint. */
  readonly audience: string;
  readonly clock: Clock;
}

/**
 * Proves an assertion (RFC 7523) with the keys of certificates that are registered and in force. Keys that the assertion
 * itself brings or points to (jwk, jku, x5c, x5u, kid) are not looked at.
 */
export async function proveAssertion(assertion: string, checks: AssertionChecks): Promise<AssertionOutcome> {
  const { audience, clock } = checks;
  const keys = keysInForce(checks.certificates, clock());
  if (keys.length === 0) return refused('no certificate in force');
  const algorithm = algorithmOf(assertion);
  let reason: RefusalReason = 'assertion not valid';
  for (const key of keys.filter((key) => suits(key, algorithm))) {
    try {
      const { payload } = await jwtVerify(assertion, key, {
        ...{ algorithms: ALGORITHMS, audience, clockTolerance: SKEW_S, currentDate: clock() },
        requiredClaims: ['iss', 'sub', 'aud', 'jti', 'iat', 'exp'],
      });
      return judge(payload, clock());
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) reason = reasonOf(error);
    }
  }
  return refused(reason);
}

function keysInForce(certificates: readonly string[], now: Date): KeyObject[] {
  const read = certificates.map((pem) => new X509Certificate(pem));
  const inForce = read.filter(({ validFrom, validTo }) => new Date(validFrom) <= now && now <= new Date(validTo));
  return inForce.map(({ publicKey }) => publicKey);
}

/** Whether the key is of the kind that the algorithm of the assertion needs. */
function suits(key: KeyObject, algorithm: string): boolean {
  if (!ALGORITHMS.includes(algorithm)) return false;
  return key.asymmetricKeyType === (algorithm.startsWith('ES') ? 'ec' : 'rsa');
}

function algorithmOf(assertion: string): string {
  try {
    return String(decodeProtectedHeader(assertion).alg);
  } catch {
    return ''; // a header that cannot be read
  }
}

function judge({ jti, iat = 0, exp = 0 }: JWTPayload, now: Date): AssertionOutcome {
  const nowS = now.getTime() / 1_000;
  if (typeof jti !== 'string' || jti === '') return refused('assertion not valid');
  if (iat > nowS + SKEW_S || exp - iat > LONGEST_LIFE_S) return refused('assertion out of time');
  return { kind: 'proven', jti, expiresAt: new Date((exp + SKEW_S + 1) * 1_000) };
}

function reasonOf(error: unknown): RefusalReason {
  if (error instanceof errors.JWTExpired) return 'assertion out of time';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return 'assertion for somebody else';
    if (error.claim === 'nbf') return 'assertion out of time';
  }
  return 'assertion not valid';
}

const refused = (reason: RefusalReason): AssertionOutcome => ({ kind: 'refused', reason });
