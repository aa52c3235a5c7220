import { createHash } from 'node:crypto';
import { EngineError } from '../core/errors.ts';

/** A public key that a sender may log in with. */
export interface SshKey {
  readonly type: string;
  /** The key as it goes over the wire: two keys are the same when these bytes are. */
  readonly blob: Buffer;
  /** SHA-256 of the blob in base64 without padding, as `ssh-keygen -l` prints it after `SHA256:`. */
  readonly fingerprint: string;
}

const CURVES: Readonly<Record<string, { readonly curve: string; readonly point: number }>> = {
  'ecdsa-sha2-nistp256': { curve: 'nistp256', point: 65 },
  'ecdsa-sha2-nistp384': { curve: 'nistp384', point: 97 },
  'ecdsa-sha2-nistp521': { curve: 'nistp521', point: 133 },
};

const MIN_RSA_BITS = 2_048;
const MAX_RSA_BITS = 8_192; // checking a signature of a larger one is work that a stranger could order

/**
 * Reads one line of OpenSSH's public key format (`ssh-ed25519 AAAA… comment`).
 * Takes Ed25519, ECDSA on the NIST curves, and RSA of 2048 to 8192 bits; refuses certificates, DSA and options
 * in front of the key with provision_invalid and a sentence.
 */
export function parseSshKey(line: string): SshKey {
  const [type = '', base64 = ''] = line.trim().split(/\s+/);
  if (line.trim().includes('\n')) throw refused('it has more than one line');
  if (/-cert-v\d\d@openssh\.com$/.test(type)) throw refused('it is a certificate, not a key');
  if (type === 'ssh-dss') throw refused('DSA keys are no longer safe');
  if (type !== 'ssh-ed25519' && type !== 'ssh-rsa' && !CURVES[type]) {
    throw refused('it must begin with ssh-ed25519, ecdsa-sha2-nistp256, -nistp384, -nistp521 or ssh-rsa');
  }
  const blob = Buffer.from(base64, 'base64');
  if (base64 === '' || blob.toString('base64') !== base64) throw refused('the part after the type is not base64');
  const fault = faultOf(type, fieldsOf(blob));
  if (fault) throw refused(fault);
  return { type, blob, fingerprint: createHash('sha256').update(blob).digest('base64').replace(/=+$/, '') };
}

function refused(reason: string): EngineError {
  return new EngineError('provision_invalid', `the SSH public key is refused: ${reason}`);
}

/** The length-prefixed fields that a key consists of; an empty list when the lengths do not fit. */
function fieldsOf(blob: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  for (let at = 0; at < blob.length; ) {
    if (at + 4 > blob.length) return [];
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return [];
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

function faultOf(type: string, fields: readonly Buffer[]): string | undefined {
  if (fields[0]?.toString('latin1') !== type) return 'the type in front does not match the key';
  if (type === 'ssh-ed25519') return fields.length === 2 && fields[1]?.length === 32 ? undefined : 'it is damaged';
  if (type === 'ssh-rsa') return rsaFault(fields);
  const { curve, point } = CURVES[type]!;
  const fits = fields.length === 3 && fields[1]?.toString('latin1') === curve && fields[2]?.length === point;
  return fits && fields[2]?.[0] === 4 ? undefined : 'it is damaged';
}

function rsaFault([, exponent, modulus, ...more]: readonly Buffer[]): string | undefined {
  if (!exponent || !modulus || more.length > 0) return 'it is damaged';
  const bits = bitsOf(modulus);
  if (bits < MIN_RSA_BITS) return `RSA with ${bits} bits is too short, ${MIN_RSA_BITS} is the least`;
  if (bits > MAX_RSA_BITS) return `RSA with ${bits} bits is too long, ${MAX_RSA_BITS} is the most`;
  const odd = ((exponent.at(-1) ?? 0) & 1) === 1;
  return odd && bitsOf(exponent) >= 2 && bitsOf(exponent) <= 64 ? undefined : 'its exponent is not usable';
}

function bitsOf(number: Buffer): number {
  const first = number.findIndex((byte) => byte !== 0);
  return first === -1 ? 0 : (number.length - first) * 8 - Math.clz32(number[first]!) + 24;
}
