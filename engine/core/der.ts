import type { BerNode } from './ber.ts';
import { contentOf, malformed } from './ber.ts';

/** Identifier octets of the universal types used in certificates and CMS. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Encodes one element in DER: tag, shortest definite length, the parts one after the other. */
export function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOctets(content.length), content]);
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const hex = length.toString(16);
  const octets = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
  return Buffer.concat([Buffer.from([0x80 | octets.length]), octets]);
}

/** A SEQUENCE of encoded elements, in the order given. */
export function sequence(...parts: readonly Buffer[]): Buffer {
  return der(TAG.sequence, ...parts);
}

/** A SET OF encoded elements, in DER order. */
export function setOf(parts: readonly Buffer[], tag: number = TAG.set): Buffer {
  return der(tag, ...[...parts].sort(Buffer.compare));
}

/** A small non-negative INTEGER (below 128: versions). */
export function smallInteger(value: number): Buffer {
  return der(TAG.integer, Buffer.from([value]));
}

/** An OBJECT IDENTIFIER from its content octets in hexadecimal, see `oidHex`. */
export function oid(hex: string): Buffer {
  return der(TAG.oid, Buffer.from(hex, 'hex'));
}

/** The content octets of an OBJECT IDENTIFIER in hexadecimal: identifiers are compared by these, never by parsed numbers. */
export function oidHex(dotted: string): string {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return Buffer.from([first * 40 + second, ...rest.flatMap(base128)]).toString('hex');
}

function base128(arc: number): number[] {
  const groups = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift(0x80 | (left % 128));
  return groups;
}

/** A time as CMS and X.509 write it: UTCTime to 2049, GeneralizedTime after; to the second, UTC. */
export function time(at: Date): Buffer {
  const digits = at
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  const short = at.getUTCFullYear() >= 1950 && at.getUTCFullYear() < 2050;
  return short ? der(TAG.utcTime, Buffer.from(digits.slice(2))) : der(TAG.generalizedTime, Buffer.from(digits));
}

const TIMES: Readonly<Record<number, RegExp>> = {
  [TAG.utcTime]: /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/,
  [TAG.generalizedTime]: /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/,
};

/** Reads a UTCTime or GeneralizedTime in the form RFC 5280 §4.1.2.5 prescribes; otherwise `message_malformed`. */
export function timeOf(node: BerNode): Date {
  const match = TIMES[node.tag]?.exec(contentOf(node).toString('latin1'));
  if (!match) throw malformed('a time is not written as it should be');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const century = node.tag === TAG.generalizedTime ? 0 : year < 50 ? 2000 : 1900;
  const at = new Date(0);
  at.setUTCFullYear(century + year, month - 1, day);
  at.setUTCHours(hour, minute, second);
  if (at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day || hour > 23) throw malformed('a time does not exist');
  return at;
}

/** The same element with definite, shortest lengths; order and content octets stay as received. */
export function derOf(node: BerNode, tag: number = node.tag): Buffer {
  return node.tag & 0x20 ? der(tag, ...node.children.map((child) => derOf(child))) : der(tag, contentOf(node));
}
