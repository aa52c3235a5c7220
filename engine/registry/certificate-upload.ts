import { X509Certificate } from 'node:crypto';
import type { Fault } from './caller.ts';
import type { Credential } from './credentials.ts';
import { certificateIn, type MaterialPolicy } from './materials.ts';

/** What a certificate that somebody uploads is judged by. */
export interface CertificatePolicy extends MaterialPolicy {
  /** Why a certificate (PEM) could not sign for this sender, a sentence each; empty when it could. Absent: not asked. */
  readonly judge?: (pem: string, sender: string) => Promise<readonly string[]>;
}

/** Takes a certificate in PEM or DER, or says why it could not sign. The one place where an uploaded certificate is accepted. */
export async function acceptCertificate(
  bytes: Buffer,
  sender: string,
  policy: CertificatePolicy,
): Promise<{ readonly credential: Credential } | { readonly faults: readonly Fault[] }> {
  const allowed = `one X.509 certificate in PEM or DER, RSA of at least ${policy.minRsaBits} bits or EC`;
  const { credentials, faults } = certificateIn(bytes, policy);
  const [credential] = credentials;
  const reasons = credential && policy.judge ? await policy.judge(credential.text, sender) : faults;
  if (credential && reasons.length === 0) return { credential };
  return { faults: reasons.map((rule) => ({ field: 'certificate', rule, allowed })) };
}

/** What people are shown of a certificate. */
export interface CertificateFacts {
  /** SHA-256 of the DER, in hex. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  readonly validFrom: string;
  readonly validUntil: string;
  readonly key: string;
}

/** What people are shown of a certificate that is registered. */
export function certificateFacts({ fingerprint, text }: Credential): CertificateFacts {
  const { subject, issuer, serialNumber, validFrom, validTo, publicKey } = new X509Certificate(text);
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  return {
    ...{ fingerprint, subject: oneLine(subject), issuer: oneLine(issuer), serialNumber },
    ...{ validFrom: new Date(validFrom).toISOString(), validUntil: new Date(validTo).toISOString() },
    key: [publicKey.asymmetricKeyType, modulusLength ?? namedCurve].filter((part) => part !== undefined).join(' '),
  };
}

const oneLine = (name: string) => name.split('\n').join(', ');
