import type { Certificate } from '../pki/certificate.ts';
import type { Scheme } from '../pki/signature-scheme.ts';
import { verifyOverBytes } from '../pki/verify.ts';
import type { SignerInfo } from './cms.ts';
import { messageDigestOf } from './signature-attributes.ts';
import type { DigestOf } from './signature-report.ts';
import { verifyOverDigest } from './signature-value.ts';

/** Which form of the content the signature is over, or why it is over neither. */
export interface Match {
  readonly form?: 'raw' | 'text';
  readonly fault?: string;
}

const FORMS = ['raw', 'text'] as const;

/** Verifies the signature value, and the digest of the content: as it came, then with line ends turned into CRLF (protocol §1.5). */
export async function matchContent(
  info: SignerInfo,
  scheme: Scheme,
  certificate: Certificate,
  digestOf: DigestOf,
): Promise<Match> {
  if (info.attributes) {
    const { key } = certificate;
    const good = info.attributes.encoded.some((bytes) => verifyOverBytes(scheme, key, bytes, info.signature));
    if (!good) return { fault: 'the signature value is not that of the signer over the signed attributes' };
  }
  for (const form of FORMS) {
    if (matches(await digestOf(scheme.digest, form), info, scheme, certificate)) return { form };
  }
  return { fault: 'the content is not what was signed' };
}

function matches(digest: Buffer, info: SignerInfo, scheme: Scheme, { key }: Certificate): boolean {
  const attested = messageDigestOf(info);
  return attested ? attested.equals(digest) : verifyOverDigest(scheme, key, digest, info.signature);
}
