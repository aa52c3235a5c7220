import type { KeyObject } from 'node:crypto';
import { X509Certificate } from 'node:crypto';
import type { BerNode } from '../core/ber.ts';
import { contentOf, malformed, rawOf, readDer } from '../core/ber.ts';
import { TAG, timeOf } from '../core/der.ts';
import type { AlgorithmId } from '../core/der-fields.ts';
import { algorithmOf, children, fields, oidOf } from '../core/der-fields.ts';
import { EXTENSION } from '../core/oids.ts';
import { type DistributionPoint, distributionPointsIn, ocspUrlsIn } from './distribution-points.ts';
import { type Extension, extensionsIn, extensionValue, hasUnknownCritical, isTrue } from './extensions.ts';
import { nameKey } from './names.ts';

/** What the rules of trust need of a certificate, beside what Node's X509Certificate tells. */
export interface Certificate {
  readonly x509: X509Certificate;
  readonly key: KeyObject;
  readonly raw: Buffer;
  /** Names and serial number as encoded: compared octet by octet. */
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly serial: Buffer;
  /** The names once more, equal when RFC 5280 §7.1 holds them to be equal. */
  readonly issuerKey: string;
  readonly subjectKey: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly signatureAlgorithm: AlgorithmId;
  /** The bits of the public key, without its algorithm. */
  readonly keyBits: Buffer;
  readonly keyId?: Buffer;
  readonly ca: boolean;
  /** How many further CA certificates may stand below this one; absent: any number. */
  readonly pathLength?: number;
  /** The first octet of the key usage bits; absent: every use. */
  readonly keyUsage?: number;
  readonly extendedKeyUsage?: readonly string[];
  /** A critical extension is there whose meaning the engine does not know. */
  readonly unknownCritical: boolean;
  /** It says which names may stand below it, critical or not: the engine does not judge that. */
  readonly constrainsNames: boolean;
  readonly distributionPoints: readonly DistributionPoint[];
  readonly ocspUrls: readonly string[];
  /** It vouches for answers about others and is not to be asked about itself (RFC 6960 §4.2.2.2.1). */
  readonly noRevocationCheck: boolean;
}

/** Bits of `keyUsage`. */
export const KEY_USAGE = {
  digitalSignature: 0x80,
  nonRepudiation: 0x40,
  certificateSigning: 0x04,
  crlSigning: 0x02,
} as const;

// understood, or without influence on whether a path may be trusted for every policy (RFC 5280 §4.2)
const UNDERSTOOD: readonly string[] = Object.values(EXTENSION);
const VERSION = 0xa0;
const V3 = '020102';
const UNIQUE_IDS: readonly number[] = [0x81, 0x82, 0xa1, 0xa2];
const EXTENSIONS = 0xa3;

/** Reads a certificate (RFC 5280 §4.1) once more than Node does; EngineError `message_malformed` when that is not possible. */
export function readCertificate(x509: X509Certificate): Certificate {
  const raw = x509.raw;
  const outer = fields(readDer(raw), TAG.sequence);
  const parts = fields(outer.take(), TAG.sequence);
  const signatureAlgorithm = algorithmOf(outer.take());
  const version = parts.takeIf(VERSION)?.children[0];
  const serial = contentOf(parts.take());
  parts.take(); // the signature algorithm once more: OpenSSL refuses to verify when the two differ
  const issuer = parts.take();
  const [from, until] = children(parts.take(), TAG.sequence);
  const subject = parts.take();
  const keyBits = keyBitsOf(parts.take());
  if (!from || !until) throw malformed('a certificate has no validity');
  const extensions = extensionsOf(parts, version);
  const names = { issuerKey: nameKey(issuer), subjectKey: nameKey(subject) };
  return {
    ...{ x509, key: keyOf(x509), raw, issuer: rawOf(issuer), subject: rawOf(subject), ...names, serial, keyBits },
    ...{ signatureAlgorithm, notBefore: timeOf(from), notAfter: timeOf(until) },
    ...usesOf(extensions),
    ...sourcesOf(extensions, names.issuerKey),
  };
}

/** As `readCertificate`, from the encoding itself. */
export function parseCertificate(raw: Buffer): Certificate {
  return readCertificate(x509Of(raw));
}

/** Node reads the key only when it is asked for, and only then finds it damaged. */
function keyOf(x509: X509Certificate): KeyObject {
  try {
    return x509.publicKey;
  } catch {
    throw malformed('the key in a certificate cannot be read');
  }
}

function x509Of(raw: Buffer): X509Certificate {
  try {
    return new X509Certificate(raw);
  } catch {
    throw malformed('a certificate cannot be read');
  }
}

function keyBitsOf(node: BerNode): Buffer {
  const bits = children(node, TAG.sequence)[1];
  if (bits?.tag !== TAG.bitString) throw malformed('the key in a certificate cannot be read');
  return contentOf(bits).subarray(1); // the first octet counts unused bits
}

function extensionsOf(parts: ReturnType<typeof fields>, version: BerNode | undefined): readonly Extension[] {
  for (const tag of UNIQUE_IDS) parts.takeIf(tag);
  const wrapped = parts.takeIf(EXTENSIONS);
  parts.end();
  if (wrapped && (!version || rawOf(version).toString('hex') !== V3))
    throw malformed('a certificate has extensions and is not of version 3');
  return extensionsIn(wrapped?.children[0]);
}

function usesOf(extensions: readonly Extension[]) {
  const keyId = extensionValue(extensions, EXTENSION.subjectKeyIdentifier);
  const usage = extensionValue(extensions, EXTENSION.keyUsage);
  const extended = extensionValue(extensions, EXTENSION.extendedKeyUsage);
  return {
    ...(keyId && { keyId: contentOf(keyId) }),
    ...(usage && { keyUsage: contentOf(usage)[1] ?? 0 }),
    ...(extended && { extendedKeyUsage: children(extended, TAG.sequence).map(oidOf) }),
    ...constraintsOf(extensionValue(extensions, EXTENSION.basicConstraints)),
    unknownCritical: hasUnknownCritical(extensions, UNDERSTOOD),
    constrainsNames: extensions.some(({ oid }) => oid === EXTENSION.nameConstraints),
  };
}

function sourcesOf(extensions: readonly Extension[], issuer: string) {
  const access = extensions.find(({ oid }) => oid === EXTENSION.authorityInfoAccess);
  return {
    distributionPoints: distributionPointsIn(extensionValue(extensions, EXTENSION.crlDistributionPoints), issuer),
    ocspUrls: ocspUrlsIn(access?.value),
    noRevocationCheck: extensions.some(({ oid }) => oid === EXTENSION.noRevocationCheck),
  };
}

function constraintsOf(node: BerNode | undefined): { ca: boolean; pathLength?: number } {
  if (!node) return { ca: false };
  const parts = fields(node, TAG.sequence);
  const flag = parts.takeIf(TAG.boolean);
  const length = parts.takeIf(TAG.integer);
  parts.end();
  const ca = flag !== undefined && isTrue(flag);
  return length ? { ca, pathLength: pathLengthOf(length) } : { ca };
}

function pathLengthOf(node: BerNode): number {
  const content = contentOf(node);
  if (content.length !== 1 || content[0]! > 0x7f) throw malformed('a path length is not as it should be');
  return content[0]!;
}
