import type { KeyObject } from 'node:crypto';
import { X509Certificate } from 'node:crypto';
import type { BerNode } from '../core/ber.ts';
import { contentOf, malformed, rawOf, readDer } from '../core/ber.ts';
import { TAG, timeOf } from '../core/der.ts';
import type { AlgorithmId } from '../core/der-fields.ts';
import { algorithmOf, children, fields, oidOf } from '../core/der-fields.ts';
import { EXTENSION } from '../core/oids.ts';

/** What the rules of trust need of a certificate, beside what Node's X509Certificate tells. */
export interface Certificate {
  readonly x509: X509Certificate;
  readonly key: KeyObject;
  readonly raw: Buffer;
  /** Names and serial number as encoded: compared octet by octet. */
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly serial: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly signatureAlgorithm: AlgorithmId;
  readonly keyId?: Buffer;
  readonly ca: boolean;
  /** How many further CA certificates may stand below this one; absent: any number. */
  readonly pathLength?: number;
  /** The first octet of the key usage bits; absent: every use. */
  readonly keyUsage?: number;
  readonly extendedKeyUsage?: readonly string[];
  /** A critical extension is there whose meaning the engine does not know. */
  readonly unknownCritical: boolean;
}

/** Bits of `keyUsage`. */
export const KEY_USAGE = { digitalSignature: 0x80, nonRepudiation: 0x40, certificateSigning: 0x04 } as const;

// understood, or without influence on whether a path may be trusted for every policy (RFC 5280 §4.2)
const UNDERSTOOD: readonly string[] = Object.values(EXTENSION);
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;

interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Buffer;
}

/** Reads a certificate (RFC 5280 §4.1) once more than Node does; EngineError `message_malformed` when that is not possible. */
export function readCertificate(x509: X509Certificate): Certificate {
  const raw = x509.raw;
  const outer = fields(readDer(raw), TAG.sequence);
  const parts = fields(outer.take(), TAG.sequence);
  const signatureAlgorithm = algorithmOf(outer.take());
  parts.takeIf(VERSION);
  const serial = contentOf(parts.take());
  parts.take(); // the signature algorithm once more: OpenSSL refuses to verify when the two differ
  const issuer = rawOf(parts.take());
  const [from, until] = children(parts.take(), TAG.sequence);
  const subject = rawOf(parts.take());
  parts.take();
  if (!from || !until) throw malformed('a certificate has no validity');
  const times = { notBefore: timeOf(from), notAfter: timeOf(until) };
  const uses = usesOf(extensionsOf(parts));
  return { x509, key: keyOf(x509), raw, issuer, subject, serial, signatureAlgorithm, ...times, ...uses };
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

function extensionsOf(parts: ReturnType<typeof fields>): readonly Extension[] {
  const all: BerNode[] = [];
  for (const tag of [0x81, 0x82, 0xa1, 0xa2]) parts.takeIf(tag);
  const wrapped = parts.takeIf(EXTENSIONS);
  if (wrapped) all.push(...children(wrapped.children[0], TAG.sequence));
  parts.end();
  const extensions = all.map(extensionOf);
  if (new Set(extensions.map(({ oid }) => oid)).size < extensions.length)
    throw malformed('an extension is there twice');
  return extensions;
}

function extensionOf(node: BerNode): Extension {
  const parts = fields(node, TAG.sequence);
  const oid = oidOf(parts.take());
  const critical = parts.takeIf(TAG.boolean);
  const value = parts.take();
  parts.end();
  if (value.tag !== TAG.octetString) throw malformed('an extension is not as it should be');
  return { oid, critical: critical !== undefined && contentOf(critical)[0] !== 0, value: contentOf(value) };
}

function usesOf(extensions: readonly Extension[]) {
  const find = (oid: string): BerNode | undefined => {
    const value = extensions.find((each) => each.oid === oid)?.value;
    return value && readDer(value);
  };
  const keyId = find(EXTENSION.subjectKeyIdentifier);
  const usage = find(EXTENSION.keyUsage);
  const extended = find(EXTENSION.extendedKeyUsage);
  return {
    ...(keyId && { keyId: contentOf(keyId) }),
    ...(usage && { keyUsage: contentOf(usage)[1] ?? 0 }),
    ...(extended && { extendedKeyUsage: children(extended, TAG.sequence).map(oidOf) }),
    ...constraintsOf(find(EXTENSION.basicConstraints)),
    unknownCritical: extensions.some(({ oid, critical }) => critical && !UNDERSTOOD.includes(oid)),
  };
}

function constraintsOf(node: BerNode | undefined): { ca: boolean; pathLength?: number } {
  if (!node) return { ca: false };
  const parts = fields(node, TAG.sequence);
  const flag = parts.takeIf(TAG.boolean);
  const length = parts.takeIf(TAG.integer);
  parts.end();
  const ca = flag !== undefined && contentOf(flag)[0] !== 0;
  return length ? { ca, pathLength: pathLengthOf(length) } : { ca };
}

function pathLengthOf(node: BerNode): number {
  const content = contentOf(node);
  if (content.length !== 1 || content[0]! > 0x7f) throw malformed('a path length is not as it should be');
  return content[0]!;
}
