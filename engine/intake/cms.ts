import type { BerNode } from '../core/ber.ts';
import { contentOf, malformed, rawOf, readBer } from '../core/ber.ts';
import { der, derOf, TAG } from '../core/der.ts';
import type { AlgorithmId } from '../core/der-fields.ts';
import { algorithmOf, children, fields, oidOf } from '../core/der-fields.ts';
import { OID } from '../core/oids.ts';

export interface Attribute {
  readonly oid: string;
  readonly values: readonly BerNode[];
}

/** How the signer's certificate is named: issuer and serial number, or subject key identifier; DER content. */
export type SignerId = { readonly issuer: Buffer; readonly serial: Buffer } | { readonly keyId: Buffer };

export interface SignerInfo {
  readonly id: SignerId;
  readonly digestAlgorithm: AlgorithmId;
  /** Absent: the signature is over the content itself. */
  readonly attributes?: { readonly list: readonly Attribute[]; readonly encoded: readonly Buffer[] };
  readonly signatureAlgorithm: AlgorithmId;
  readonly signature: Buffer;
}

/** What a CMS SignedData says (RFC 5652 §5); nothing in it has been verified. */
export interface SignedData {
  readonly digestAlgorithms: readonly AlgorithmId[];
  readonly contentType: string;
  readonly attached: boolean;
  readonly certificates: readonly Buffer[];
  readonly signers: readonly SignerInfo[];
}

const MAX_CERTIFICATES = 32;
const IMPLICIT_0 = 0xa0;
const IMPLICIT_1 = 0xa1;
const KEY_ID = 0x80;
const CONSTRUCTED_OCTETS = 0x24;
const VERSIONS: readonly string[] = ['01', '03', '04', '05'];

/** Reads one CMS SignedData in BER or DER, whole; anything else is EngineError `message_malformed`. */
export function readSignedData(bytes: Buffer): SignedData {
  const outer = fields(readBer(bytes), TAG.sequence);
  const type = oidOf(outer.take());
  if (type !== OID.signedData) throw malformed('the signature file is CMS, but not SignedData');
  const wrapped = children(outer.take(), IMPLICIT_0);
  outer.end();
  if (wrapped.length !== 1) throw malformed('SignedData is not wrapped as it should be');
  return signedDataOf(wrapped[0]!);
}

function signedDataOf(node: BerNode): SignedData {
  const parts = fields(node, TAG.sequence);
  version(parts.take());
  const digestAlgorithms = children(parts.take(), TAG.set).map(algorithmOf);
  const content = children(parts.take(), TAG.sequence);
  const certificates = children(parts.takeIf(IMPLICIT_0), IMPLICIT_0);
  parts.takeIf(IMPLICIT_1);
  const signers = children(parts.take(), TAG.set).map(signerOf);
  parts.end();
  if (certificates.length > MAX_CERTIFICATES) throw malformed('there are too many certificates in the signature file');
  if (content.length < 1 || content.length > 2) throw malformed('the content information is not as it should be');
  return {
    digestAlgorithms,
    contentType: oidOf(content[0]!),
    attached: content.length === 2,
    certificates: certificates.filter((each) => each.tag === TAG.sequence).map(rawOf),
    signers,
  };
}

function signerOf(node: BerNode): SignerInfo {
  const parts = fields(node, TAG.sequence);
  version(parts.take());
  const id = signerIdOf(parts.take());
  const digestAlgorithm = algorithmOf(parts.take());
  const attributes = parts.takeIf(IMPLICIT_0);
  const signatureAlgorithm = algorithmOf(parts.take());
  const signature = octetsOf(parts.take());
  parts.takeIf(IMPLICIT_1);
  parts.end();
  return {
    id,
    digestAlgorithm,
    signatureAlgorithm,
    signature,
    ...(attributes && { attributes: attributesOf(attributes) }),
  };
}

function signerIdOf(node: BerNode): SignerId {
  if (node.tag === KEY_ID) return { keyId: contentOf(node) };
  const parts = fields(node, TAG.sequence);
  const issuer = parts.take();
  const serial = parts.take();
  parts.end();
  if (issuer.tag !== TAG.sequence || serial.tag !== TAG.integer)
    throw malformed('the signer is not named as it should be');
  return { issuer: derOf(issuer), serial: contentOf(serial) };
}

/**
 * The attributes, and the octets their signature may be over: DER in the order received (what OpenSSL verifies) and,
 * when that is not DER order, the sorted SET OF that RFC 5652 §5.4 asks for.
 */
function attributesOf(node: BerNode): NonNullable<SignerInfo['attributes']> {
  const list = node.children.map((child) => {
    const [type, values, ...rest] = children(child, TAG.sequence);
    if (!type || !values || rest.length > 0) throw malformed('a signed attribute is not as it should be');
    return { oid: oidOf(type), values: children(values, TAG.set) };
  });
  const parts = node.children.map((child) => derOf(child));
  const received = der(TAG.set, ...parts);
  const sorted = der(TAG.set, ...[...parts].sort(Buffer.compare));
  return { list, encoded: received.equals(sorted) ? [received] : [received, sorted] };
}

/** The octets of an OCTET STRING; BER may cut it in pieces. */
function octetsOf(node: BerNode): Buffer {
  if (node.tag === TAG.octetString) return contentOf(node);
  return Buffer.concat(children(node, CONSTRUCTED_OCTETS).map(octetsOf));
}

function version(node: BerNode): void {
  if (node.tag !== TAG.integer || !VERSIONS.includes(contentOf(node).toString('hex')))
    throw malformed('a version is unknown');
}
