import type { X509Certificate } from 'node:crypto';
import { EngineError } from '../core/errors.ts';
import type { Certificate } from '../pki/certificate.ts';
import { parseCertificate, readCertificate } from '../pki/certificate.ts';
import type { SignerId } from './cms.ts';

/** Whose signature it is, and whether that certificate is, octet by octet, one registered for the sender. */
export interface Signer {
  readonly certificate: Certificate;
  readonly registered: boolean;
}

/** The certificates a signature can be from: those in the signature file, and those registered for the sender. */
export interface Candidates {
  readonly offered: readonly Certificate[];
  readonly registered: readonly Certificate[];
}

/** Reads each certificate once; those in the signature file that cannot be read are passed over, for they name nobody. */
export function candidatesOf(offered: readonly Buffer[], registered: readonly X509Certificate[]): Candidates {
  const known = registered.flatMap((x509) => readable(() => readCertificate(x509)));
  const same = (raw: Buffer) => known.find((certificate) => certificate.raw.equals(raw));
  const given = offered.flatMap((raw) => same(raw) ?? readable(() => parseCertificate(raw)));
  return { offered: given, registered: known };
}

/**
 * Finds the certificate that a SignerInfo names: among those in the signature file, else among those registered for the sender.
 * Of several with the same name and number the registered one counts.
 */
export function findSigner(id: SignerId, { offered, registered }: Candidates): Signer | undefined {
  const named = offered.filter((certificate) => names(id, certificate));
  const known = registered.filter((certificate) => names(id, certificate));
  const own = known.find((certificate) => named.length === 0 || named.includes(certificate));
  if (own) return { certificate: own, registered: true };
  return named[0] && { certificate: named[0], registered: false };
}

function names(id: SignerId, certificate: Certificate): boolean {
  if ('keyId' in id) return certificate.keyId?.equals(id.keyId) ?? false;
  return certificate.issuer.equals(id.issuer) && certificate.serial.equals(id.serial);
}

function readable(read: () => Certificate): Certificate[] {
  try {
    return [read()];
  } catch (error) {
    if (error instanceof EngineError && error.code === 'message_malformed') return [];
    throw error;
  }
}
