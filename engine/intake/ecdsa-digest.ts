import type { KeyObject } from 'node:crypto';
import { createECDH, createHash, createPublicKey, verify } from 'node:crypto';
import { contentOf, readDer } from '../core/ber.ts';
import { TAG } from '../core/der.ts';
import { children } from '../core/der-fields.ts';

interface Curve {
  readonly jwk: string;
  readonly octets: number;
  /** The prime of the field and the order of the base point. */
  readonly p: bigint;
  readonly n: bigint;
}

interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

/** The curves of FIPS 186-4 §D.1.2 that the engine takes. */
const CURVES: Readonly<Record<string, Curve>> = {
  prime256v1: {
    jwk: 'P-256',
    octets: 32,
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  secp384r1: {
    jwk: 'P-384',
    octets: 48,
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
  secp521r1: {
    jwk: 'P-521',
    octets: 66,
    p: 2n ** 521n - 1n,
    n: 0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  },
};

const STAND_IN = Buffer.alloc(0);
const STAND_IN_DIGEST = 'sha256';

/**
 * Verifies an ECDSA signature over content of which only the digest is known; exact, and the verification is node:crypto's.
 *
 * Node hashes whatever it verifies. (r, s) is good for digest e under key Q when x(e/s·G + r/s·Q) = r. With e' the digest of a
 * fixed message, e/s·G + r/s·Q = e'/s·G + r/s·(Q + (e − e')/r·G): the same signature over that message under a shifted key.
 * All values are public, so nothing here needs constant time.
 */
export function verifyEcdsaDigest(key: KeyObject, digest: Buffer, signature: Buffer): boolean {
  const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  const r = curve && firstIntegerOf(signature);
  if (!curve || r === undefined || r <= 0n || r >= curve.n) return false;
  const standIn = createHash(STAND_IN_DIGEST).update(STAND_IN).digest();
  const difference = bigOf(digest.subarray(0, curve.octets)) - bigOf(standIn);
  const shifted = add(curve, pointOf(key), baseTimes(key, curve, mod(difference * inverse(r, curve.n), curve.n)));
  if (!shifted) return false;
  return verify(STAND_IN_DIGEST, STAND_IN, { key: keyOf(curve, shifted), dsaEncoding: 'der' }, signature);
}

function firstIntegerOf(signature: Buffer): bigint | undefined {
  const [r, s] = children(readDer(signature), TAG.sequence);
  if (r?.tag !== TAG.integer || s?.tag !== TAG.integer || (contentOf(r)[0] ?? 0x80) & 0x80) return undefined;
  return bigOf(contentOf(r));
}

function pointOf(key: KeyObject): Point {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  return { x: bigOf(Buffer.from(x, 'base64url')), y: bigOf(Buffer.from(y, 'base64url')) };
}

function keyOf(curve: Curve, { x, y }: Point): KeyObject {
  const text = (value: bigint) => octetsOf(value, curve.octets).toString('base64url');
  return createPublicKey({ key: { kty: 'EC', crv: curve.jwk, x: text(x), y: text(y) }, format: 'jwk' });
}

/** factor·G; undefined for zero, the neutral point. */
function baseTimes(key: KeyObject, curve: Curve, factor: bigint): Point | undefined {
  if (factor === 0n) return undefined;
  const ecdh = createECDH(key.asymmetricKeyDetails?.namedCurve ?? '');
  ecdh.setPrivateKey(octetsOf(factor, curve.octets));
  const point = ecdh.getPublicKey();
  return { x: bigOf(point.subarray(1, 1 + curve.octets)), y: bigOf(point.subarray(1 + curve.octets)) };
}

/** Adds two points; undefined when they share x, which no honest signature meets (chance 2⁻²⁵⁶): it is refused. */
function add({ p }: Curve, a: Point, b: Point | undefined): Point | undefined {
  if (!b) return a;
  if (a.x === b.x) return undefined;
  const slope = mod((b.y - a.y) * inverse(mod(b.x - a.x, p), p), p);
  const x = mod(slope * slope - a.x - b.x, p);
  return { x, y: mod(slope * (a.x - x) - a.y, p) };
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [previous, current] = [modulus, value];
  let [before, factor] = [0n, 1n];
  while (current !== 0n) {
    const quotient = previous / current;
    [previous, current] = [current, previous - quotient * current];
    [before, factor] = [factor, before - quotient * factor];
  }
  return mod(before, modulus);
}

function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

function bigOf(octets: Buffer): bigint {
  return BigInt(`0x0${octets.toString('hex')}`);
}

function octetsOf(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex');
}
