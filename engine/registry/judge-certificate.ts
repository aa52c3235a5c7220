import type { Clock } from '../core/clock.ts';
import type { Certificate } from '../pki/certificate.ts';
import { findChain } from '../pki/chain.ts';
import { datesFault, signingFault } from '../pki/path-rules.ts';
import { keyFault, type WeakAlgorithm } from '../pki/signature-scheme.ts';
import type { Trust } from '../pki/trust.ts';
import type { Db } from '../store/database.ts';
import { certificateFrom, registrationsOf } from './certificates.ts';

/** One reason why a certificate could not sign. */
export interface SigningReason {
  readonly kind: 'chain' | 'validity' | 'key' | 'usage' | 'registered elsewhere';
  /** A sentence for people: what is wrong. */
  readonly detail: string;
}

/** What the operator decides about signatures, as far as certificates go. */
export interface SigningRules {
  readonly allow: readonly WeakAlgorithm[];
  readonly selfSigned: 'refused' | 'registered';
}

/** No weak algorithm, no certificate that is signed by itself. */
export const STRICT_RULES: SigningRules = { allow: [], selfSigned: 'refused' };

/**
 * Every reason why what a certificate signs at a moment would be refused; none when it could sign. Revocation is asked about elsewhere.
 *
 * @param others senders, other than its own, that it is registered for.
 * @param offered certificates that may stand between it and an anchor.
 */
export function judgeForSigning(
  certificate: Certificate,
  trust: Trust,
  at: Date,
  others: readonly string[],
  rules: SigningRules = STRICT_RULES,
  offered: readonly Certificate[] = [],
): SigningReason[] {
  const { allow, selfSigned } = rules;
  const request = {
    leaf: certificate,
    offered,
    trust,
    allow,
    now: at,
    purpose: 'any',
    acceptSelfSigned: selfSigned === 'registered',
  } as const;
  const { trustFault, validityFault } = findChain(request);
  const key = keyFault(certificate.key, allow);
  const usage = signingFault(certificate);
  const own = datesFault([certificate], at);
  return [
    ...reason('chain', trustFault && !key ? trustFault : undefined),
    ...reason('validity', own ?? validityFault),
    ...reason('key', key),
    ...reason('usage', usage),
    ...reason(
      'registered elsewhere',
      others.length > 0 ? `it is registered for sender ${others.slice(0, 5).join(', ')}` : undefined,
    ),
  ];
}

/** As `judgeForSigning`, for one that is to be registered: one that is not valid yet is judged at its first moment. */
export function judgeForRegistration(
  ...[certificate, trust, now, ...rest]: Parameters<typeof judgeForSigning>
): SigningReason[] {
  return judgeForSigning(certificate, trust, now < certificate.notBefore ? certificate.notBefore : now, ...rest);
}

/** What judging a certificate that somebody uploads needs. */
export interface JudgeDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly trust: Trust;
  readonly rules: SigningRules;
}

/** Tells why a certificate (PEM) could not sign for a sender, a sentence for each reason; none when it could. */
export function createCertificateJudge({ db, clock, trust, rules }: JudgeDeps) {
  return async (pem: string, sender: string): Promise<readonly string[]> => {
    const certificate = certificateFrom(Buffer.from(pem));
    const registered = await registrationsOf(db, certificate);
    const others = registered.map((one) => one.sender).filter((number) => number !== sender);
    return judgeForRegistration(certificate, trust, clock(), others, rules).map(
      ({ kind, detail }) => `${kind}: ${detail}`,
    );
  };
}

function reason(kind: SigningReason['kind'], detail: string | undefined): SigningReason[] {
  return detail === undefined ? [] : [{ kind, detail }];
}
