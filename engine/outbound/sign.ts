import type { KeyObject, X509Certificate } from 'node:crypto';
import { sign } from 'node:crypto';
import { promisify } from 'node:util';
import { contentOf, rawOf, readDer } from '../core/ber.ts';
import { der, oid, sequence, setOf, smallInteger, TAG, time } from '../core/der.ts';
import { OID } from '../core/oids.ts';

/** The engine's own certificate and key: who signs the answers. */
export interface Identity {
  readonly certificate: X509Certificate;
  readonly privateKey: KeyObject;
}

/** What is signed, by whom, and the signing time that is written down. */
export interface SignDetachedRequest {
  /** The SHA-256 of the content, 32 octets. */
  readonly digest: Buffer;
  readonly identity: Identity;
  readonly now: Date;
}

const IMPLICIT_0 = 0xa0;
const LINE = 76;

/**
 * A detached CMS SignedData in DER over content with this digest (protocol §1.5): signed attributes contentType, messageDigest and
 * signingTime; the signer's certificate inside; RSA PKCS#1 v1.5 or ECDSA with SHA-256.
 */
export function signDetached(request: SignDetachedRequest): Buffer {
  const attributes = attributesOf(request);
  return assembled(request, attributes, sign('sha256', setOf(attributes), request.identity.privateKey));
}

/** The same, with the key at work in another thread: an RSA signature takes milliseconds. */
export async function signDetachedAside(request: SignDetachedRequest): Promise<Buffer> {
  const attributes = attributesOf(request);
  return assembled(request, attributes, await signAside('sha256', setOf(attributes), request.identity.privateKey));
}

const signAside = promisify<string, Buffer, KeyObject, Buffer>(sign);

function attributesOf({ digest, now }: SignDetachedRequest): Buffer[] {
  if (digest.length !== 32) throw new RangeError('a SHA-256 digest has 32 octets');
  return [
    attribute(OID.contentType, oid(OID.data)),
    attribute(OID.signingTime, time(now)),
    attribute(OID.messageDigest, der(TAG.octetString, digest)),
  ];
}

// the signature is over the SET OF; in the SignerInfo the same octets carry the tag [0] (RFC 5652 §5.4)
function assembled({ identity }: SignDetachedRequest, attributes: readonly Buffer[], signature: Buffer): Buffer {
  const signer = signerInfo(identity, setOf([...attributes], IMPLICIT_0), signature);
  return signedData(identity.certificate, signer);
}

/** The octets of an FS file: base64 in lines of 76 columns, no header and no footer (protocol §1.5). */
export function encodeSignatureFile(encoded: Buffer): Buffer {
  const lines = encoded.toString('base64').match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1');
}

function signedData(certificate: X509Certificate, signer: Buffer): Buffer {
  const content = sequence(
    smallInteger(1),
    setOf([sha256]),
    sequence(oid(OID.data)),
    der(IMPLICIT_0, certificate.raw),
    setOf([signer]),
  );
  return sequence(oid(OID.signedData), der(IMPLICIT_0, content));
}

function signerInfo({ certificate, privateKey }: Identity, attributes: Buffer, signature: Buffer): Buffer {
  return sequence(
    smallInteger(1),
    issuerAndSerial(certificate),
    sha256,
    attributes,
    signatureAlgorithm(privateKey),
    der(TAG.octetString, signature),
  );
}

const sha256 = sequence(oid(OID.sha256), der(TAG.null));

function signatureAlgorithm(key: KeyObject): Buffer {
  return key.asymmetricKeyType === 'ec'
    ? sequence(oid(OID.ecdsaWithSha256))
    : sequence(oid(OID.rsaEncryption), der(TAG.null));
}

function attribute(type: string, value: Buffer): Buffer {
  return sequence(oid(type), setOf([value]));
}

/** IssuerAndSerialNumber, cut out of the certificate as it stands there (RFC 5280 §4.1). */
function issuerAndSerial(certificate: X509Certificate): Buffer {
  const fields = readDer(certificate.raw).children[0]?.children ?? [];
  const serial = fields.findIndex((field) => field.tag === TAG.integer);
  const issuer = fields[serial + 2];
  if (serial < 0 || !issuer) throw new RangeError('the certificate has no serial number or issuer');
  return sequence(rawOf(issuer), der(TAG.integer, contentOf(fields[serial]!)));
}
