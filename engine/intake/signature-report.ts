import type { RevocationStatus } from '../pki/revocation/finding.ts';
import type { DigestName } from '../pki/signature-scheme.ts';

/** How one property of a signature came out. `indeterminate`: an earlier step failed, so it was not looked at. */
export type Outcome = 'passed' | 'failed' | 'indeterminate';

export interface Check {
  readonly outcome: Outcome;
  /** One sentence that says which rule was broken and how; empty when passed. */
  readonly detail: string;
}

/**
 * Whether anybody has taken a certificate of the chain back. `revoked`: failed. `unknown`: failed where the policy is hard, else
 * indeterminate and noted, and the signature may be valid. `good` also for a certificate that nobody but the operator stands for.
 */
export interface RevocationReport extends Check {
  readonly status: RevocationStatus;
}

/** What was found out about one signature file, property by property; never one "invalid" for all. */
export interface SignatureReport {
  /** `valid` only if every check passed; that revocation is unknown does not matter where the policy is soft. */
  readonly verdict: 'valid' | 'invalid';
  /** The receipt code that follows: 125 (signature), 153 (certificate not of this sender), null when valid (protocol §1.7). */
  readonly code: '125' | '153' | null;
  /** The file parses as one detached CMS SignedData and the digest and the signature value match the content. */
  readonly integrity: Check;
  /**
   * contentType ("data") and messageDigest there exactly once, each with one value; without signed attributes, no content that could
   * be mistaken for them. Whether messageDigest is that of the content is `integrity`.
   */
  readonly attributes: Check;
  /** Digest, signature algorithm and key size are allowed. */
  readonly algorithms: Check;
  /** Issued under a configured trust anchor, with fitting key usage, not a CA certificate. */
  readonly chain: Check;
  /** Every certificate of the chain is valid at the time of receipt. */
  readonly validity: Check;
  readonly revocation: RevocationReport;
  /** The signer's certificate is one registered for this sender. */
  readonly senderBinding: Check;
  /** Which bytes were signed: as they came, or with line ends turned into CRLF. */
  readonly form?: 'raw' | 'text';
  readonly digest?: string;
  readonly signatureAlgorithm?: string;
  readonly signedAttributes?: boolean;
  readonly signer?: {
    readonly subject: string;
    readonly issuer: string;
    readonly serial: string;
    readonly fingerprint: string;
    readonly notBefore: string;
    readonly notAfter: string;
  };
  readonly signingTime?: string;
}

/** Gives the digest of the signed content; known from the upload where it can be. `text` has every line end turned into CRLF. */
export type DigestOf = (algorithm: DigestName, form: 'raw' | 'text') => Promise<Buffer>;
