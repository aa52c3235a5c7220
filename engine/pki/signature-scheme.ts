import type { KeyObject } from 'node:crypto';
import type { BerNode } from '../core/ber.ts';
import { contentOf, malformed } from '../core/ber.ts';
import { TAG } from '../core/der.ts';
import type { AlgorithmId } from '../core/der-fields.ts';
import { algorithmOf, children } from '../core/der-fields.ts';
import { OID } from '../core/oids.ts';

/** Digests that signatures are made over; md5 and sha1 are weak. */
export type DigestName = 'sha1' | 'md5' | 'sha256' | 'sha384' | 'sha512';

/** How a signature value is to be verified, once every algorithm identifier has been read and compared. */
export type Scheme =
  | { readonly kind: 'pkcs1' | 'ecdsa'; readonly digest: DigestName }
  | { readonly kind: 'pss'; readonly digest: DigestName; readonly saltLength: number };

/** Weak algorithms an operator may allow by name; none is allowed otherwise. */
export type WeakAlgorithm = 'sha1' | 'md5' | 'rsa1024';

const DIGESTS = new Map<string, DigestName>([
  [OID.md5, 'md5'],
  [OID.sha1, 'sha1'],
  [OID.sha256, 'sha256'],
  [OID.sha384, 'sha384'],
  [OID.sha512, 'sha512'],
]);

const SIGNATURES = new Map<string, Scheme>([
  [OID.md5WithRsa, { kind: 'pkcs1', digest: 'md5' }],
  [OID.sha1WithRsa, { kind: 'pkcs1', digest: 'sha1' }],
  [OID.sha256WithRsa, { kind: 'pkcs1', digest: 'sha256' }],
  [OID.sha384WithRsa, { kind: 'pkcs1', digest: 'sha384' }],
  [OID.sha512WithRsa, { kind: 'pkcs1', digest: 'sha512' }],
  [OID.ecdsaWithSha1, { kind: 'ecdsa', digest: 'sha1' }],
  [OID.ecdsaWithSha256, { kind: 'ecdsa', digest: 'sha256' }],
  [OID.ecdsaWithSha384, { kind: 'ecdsa', digest: 'sha384' }],
  [OID.ecdsaWithSha512, { kind: 'ecdsa', digest: 'sha512' }],
]);

const CURVES: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1'];
const MAX_RSA_BITS = 8192;
const MAX_EXPONENT = 2n ** 32n;
const MAX_SALT = 512;

/** The digest that an AlgorithmIdentifier names; undefined: unknown, or with parameters. */
export function digestOf(algorithm: AlgorithmId): DigestName | undefined {
  return algorithm.parameters ? undefined : DIGESTS.get(algorithm.oid);
}

/** The scheme an AlgorithmIdentifier names; `digest` is for those that leave it out. Undefined: unknown. */
export function signatureScheme(algorithm: AlgorithmId, digest: DigestName): Scheme | undefined {
  if (algorithm.oid === OID.rsaPss) return pssScheme(algorithm.parameters);
  if (algorithm.parameters) return undefined;
  return algorithm.oid === OID.rsaEncryption ? { kind: 'pkcs1', digest } : SIGNATURES.get(algorithm.oid);
}

/** RSASSA-PSS parameters (RFC 4055 §3.1); the mask must use the same digest as the message. */
function pssScheme(parameters: BerNode | undefined): Scheme | undefined {
  const given = new Map(children(parameters, TAG.sequence).map((node) => [node.tag, node.children]));
  if (parameters && given.size !== parameters.children.length)
    throw malformed('a parameter of the signature is there twice');
  const inside = (tag: number): BerNode | undefined => {
    const wrapped = given.get(tag);
    given.delete(tag);
    if (wrapped && wrapped.length !== 1) throw malformed('a parameter of the signature is not as it should be');
    return wrapped?.[0];
  };
  const [hash, mask, salt, trailer] = [inside(0xa0), inside(0xa1), inside(0xa2), inside(0xa3)];
  const digest = hash ? digestOf(algorithmOf(hash)) : 'sha1';
  const saltLength = salt ? smallIntegerOf(salt) : 20;
  const known = given.size === 0 && (!trailer || smallIntegerOf(trailer) === 1) && saltLength <= MAX_SALT;
  return known && digest && maskDigest(mask) === digest ? { kind: 'pss', digest, saltLength } : undefined;
}

function maskDigest(mask: BerNode | undefined): DigestName | undefined {
  if (!mask) return 'sha1';
  const { oid, parameters } = algorithmOf(mask);
  return oid === OID.mgf1 && parameters ? digestOf(algorithmOf(parameters)) : undefined;
}

function smallIntegerOf(node: BerNode): number {
  const content = contentOf(node);
  if (node.tag !== TAG.integer || content.length < 1 || content.length > 2)
    throw malformed('a number is not as it should be');
  return content.readIntBE(0, content.length) & 0xffff;
}

/** The rule that a public key breaks by its kind or size; undefined when none. */
export function keyFault(key: KeyObject, allow: readonly WeakAlgorithm[]): string | undefined {
  const { modulusLength = 0, publicExponent = 0n, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ec')
    return CURVES.includes(namedCurve) ? undefined : 'the curve of the key is not supported: P-256, P-384 or P-521';
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'rsa-pss')
    return `a key of the kind ${key.asymmetricKeyType ?? 'unknown'} is not supported: RSA, or EC on P-256, P-384 or P-521`;
  if (modulusLength < (allow.includes('rsa1024') ? 1024 : 2048))
    return `an RSA key of ${modulusLength} bits is too short`;
  if (modulusLength > MAX_RSA_BITS) return `an RSA key of ${modulusLength} bits is too long`;
  const odd = publicExponent % 2n === 1n;
  return odd && publicExponent >= 3n && publicExponent <= MAX_EXPONENT
    ? undefined
    : 'the exponent of the RSA key is not allowed';
}
