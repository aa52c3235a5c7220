import { X509Certificate } from 'node:crypto';
import { readCertificate } from '../pki/certificate.ts';
import { type CertificateFacts, describeCertificate } from '../pki/describe.ts';
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

/** What people are shown of a registered certificate; the moments as ISO 8601. */
export interface ShownCertificate extends Omit<CertificateFacts, 'validFrom' | 'validUntil'> {
  readonly validFrom: string;
  readonly validUntil: string;
}

/** What people are shown of a certificate that is registered. */
export function showCertificate({ text }: Credential): ShownCertificate {
  const { validFrom, validUntil, ...facts } = describeCertificate(readCertificate(new X509Certificate(text)));
  return { ...facts, validFrom: validFrom.toISOString(), validUntil: validUntil.toISOString() };
}
