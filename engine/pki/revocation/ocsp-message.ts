import { createHash } from 'node:crypto';
import { type BerNode, contentOf, malformed, rawOf, readDer } from '../../core/ber.ts';
import { der, oid, sequence, TAG, timeOf } from '../../core/der.ts';
import { algorithmOf, children, fields, oidOf } from '../../core/der-fields.ts';
import { OCSP, OID } from '../../core/oids.ts';
import type { Certificate } from '../certificate.ts';
import { extensionsIn, extensionValue, hasUnknownCritical } from '../extensions.ts';
import { nameKey } from '../names.ts';
import { bitsOf, type SignedStructure } from './signed-structure.ts';

/** How a responder names a certificate: its number, and hashes of the name and key of its issuer (RFC 6960 §4.1.1). */
export interface CertificateId {
  readonly nameHash: Buffer;
  readonly keyHash: Buffer;
  readonly serial: Buffer;
}

/** What a responder says of one certificate. */
export interface SingleAnswer {
  readonly id: CertificateId & { readonly sha1: boolean };
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly revokedAt?: Date;
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
}

/** A successful answer of a responder (RFC 6960 §4.2.1); its signature is not verified yet. */
export interface OcspAnswer extends SignedStructure {
  /** Who signed: the key of a name, or the SHA-1 of a public key. */
  readonly responder: { readonly nameKey: string } | { readonly keyHash: Buffer };
  readonly answers: readonly SingleAnswer[];
  readonly nonce?: Buffer;
  /** Certificates that came with it, in DER. */
  readonly certificates: readonly Buffer[];
}

const SHA1 = sequence(oid(OID.sha1), der(TAG.null));
const EXPLICIT = (tag: number, content: Buffer) => der(0xa0 | tag, content);
const CONTEXT = {
  version: 0xa0,
  byName: 0xa1,
  byKey: 0xa2,
  certificates: 0xa0,
  nextUpdate: 0xa0,
  extensions: 0xa1,
} as const;
const ENUMERATED = 0x0a;
const MAX_CERTIFICATES = 8;

/** The identifier of a certificate, hashed with SHA-1: what every responder must know (RFC 5019 §2.1.1); it vouches for nothing. */
export function certificateId(certificate: Certificate, issuer: Certificate): CertificateId {
  const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest();
  return { nameHash: sha1(certificate.issuer), keyHash: sha1(issuer.keyBits), serial: certificate.serial };
}

/** A request about one certificate, in DER, with this nonce (1 to 32 octets, RFC 9654). */
export function ocspRequest({ nameHash, keyHash, serial }: CertificateId, nonce: Buffer): Buffer {
  const octets = (content: Buffer) => der(TAG.octetString, content);
  const id = sequence(SHA1, octets(nameHash), octets(keyHash), der(TAG.integer, serial));
  const extension = sequence(oid(OCSP.nonce), octets(octets(nonce)));
  return sequence(sequence(sequence(sequence(id)), EXPLICIT(2, sequence(extension))));
}

const STATUS: Readonly<Record<number, string>> = {
  1: 'the request is malformed',
  2: 'it has an internal error',
  3: 'try later',
  5: 'the request must be signed',
  6: 'not authorised',
};

/** Reads an answer: what it says, or the sentence with which the responder declined. Throws `message_malformed`. */
export function readOcspAnswer(bytes: Buffer): OcspAnswer | { readonly declined: string } {
  const outer = fields(readDer(bytes), TAG.sequence);
  const status = outer.take();
  if (status.tag !== ENUMERATED) throw malformed('the answer has no status');
  const code = contentOf(status)[0] ?? -1;
  if (code !== 0) return { declined: STATUS[code] ?? `status ${code}` };
  const [type, response] = children(children(outer.take(), 0xa0)[0], TAG.sequence);
  outer.end();
  if (!type || response?.tag !== TAG.octetString || oidOf(type) !== OCSP.basicResponse)
    throw malformed('the answer is not of the basic type');
  return basicResponse(readDer(contentOf(response)));
}

function basicResponse(node: BerNode): OcspAnswer {
  const parts = fields(node, TAG.sequence);
  const body = parts.take();
  const algorithm = algorithmOf(parts.take());
  const signature = bitsOf(parts.take());
  const certificates = children(parts.takeIf(CONTEXT.certificates)?.children[0], TAG.sequence).map(rawOf);
  parts.end();
  if (certificates.length > MAX_CERTIFICATES) throw malformed('there are too many certificates in the answer');
  return { signed: rawOf(body), algorithm, signature, certificates, ...responseData(body) };
}

function responseData(body: BerNode) {
  const parts = fields(body, TAG.sequence);
  parts.takeIf(CONTEXT.version);
  const responder = responderOf(parts.take());
  timeOf(parts.take());
  const answers = children(parts.take(), TAG.sequence).map(singleAnswer);
  const extensions = extensionsIn(parts.takeIf(CONTEXT.extensions)?.children[0]);
  parts.end();
  if (hasUnknownCritical(extensions, [OCSP.nonce]))
    throw malformed('the answer has a critical extension the engine does not know');
  const nonce = extensionValue(extensions, OCSP.nonce);
  return { responder, answers, ...(nonce && { nonce: contentOf(nonce) }) };
}

function responderOf(node: BerNode): OcspAnswer['responder'] {
  const inside = node.children[0];
  if (node.tag === CONTEXT.byName && inside) return { nameKey: nameKey(inside) };
  if (node.tag === CONTEXT.byKey && inside?.tag === TAG.octetString) return { keyHash: contentOf(inside) };
  throw malformed('the responder is not named as it should be');
}

function singleAnswer(node: BerNode): SingleAnswer {
  const parts = fields(node, TAG.sequence);
  const id = idOf(parts.take());
  const status = statusOf(parts.take());
  const thisUpdate = timeOf(parts.take());
  const next = parts.takeIf(CONTEXT.nextUpdate)?.children[0];
  const extensions = extensionsIn(parts.takeIf(CONTEXT.extensions)?.children[0]);
  parts.end();
  if (hasUnknownCritical(extensions, []))
    throw malformed('the answer has a critical extension the engine does not know');
  return { id, ...status, thisUpdate, ...(next && { nextUpdate: timeOf(next) }) };
}

function idOf(node: BerNode): SingleAnswer['id'] {
  const parts = fields(node, TAG.sequence);
  const { oid: hash, parameters } = algorithmOf(parts.take());
  const [nameHash, keyHash, serial] = [parts.take(), parts.take(), parts.take()].map(contentOf) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  parts.end();
  return { sha1: hash === OID.sha1 && parameters === undefined, nameHash, keyHash, serial };
}

const GOOD_STATUS = 0x80;
const REVOKED_STATUS = 0xa1;
const UNKNOWN_STATUS = 0x82;

function statusOf(node: BerNode): Pick<SingleAnswer, 'status' | 'revokedAt'> {
  if (node.tag === GOOD_STATUS) return { status: 'good' };
  if (node.tag === UNKNOWN_STATUS) return { status: 'unknown' };
  const at = node.children[0];
  if (node.tag === REVOKED_STATUS && at) return { status: 'revoked', revokedAt: timeOf(at) };
  throw malformed('the status of a certificate is not as it should be');
}
