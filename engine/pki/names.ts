import type { BerNode } from '../core/ber.ts';
import { contentOf, malformed } from '../core/ber.ts';
import { TAG } from '../core/der.ts';
import { children, fields, oidOf } from '../core/der-fields.ts';

const latin1 = (content: Buffer) => content.toString('latin1');

/** How the string types of a DirectoryString, and IA5String and VisibleString, are read. */
const STRINGS = new Map<number, (content: Buffer) => string>([
  [TAG.utf8String, utf8],
  [0x13, latin1], // PrintableString
  [0x14, latin1], // TeletexString
  [0x16, latin1], // IA5String
  [0x1a, latin1], // VisibleString
  [0x1c, utf32], // UniversalString
  [0x1e, utf16], // BMPString
]);

// RFC 4518 §2.2: mapped to nothing (soft hyphen, joiners, variation selectors, controls that are no space)
const UNSEEN = /(?![\t-\r\u0085])\p{Cc}|\p{Cf}|\u034f|[\u180b-\u180d]|[\ufe00-\ufe0f]|\ufffc/gu;

/**
 * A text that two distinguished names share if and only if they are the same by RFC 5280 §7.1: whatever string type their values
 * have, without regard to case, to spaces at the ends and to how many stand between; in the same order of their parts.
 * Throws `message_malformed` for what is not a Name.
 */
export function nameKey(name: BerNode): string {
  return children(name, TAG.sequence).map(relativeKey).join('\n');
}

/** The same of one RelativeDistinguishedName, given with any tag. */
export function relativeKey(relative: BerNode): string {
  return relative.children.map(partKey).sort().join('+');
}

function partKey(part: BerNode): string {
  const parts = fields(part, TAG.sequence);
  const type = oidOf(parts.take());
  const value = parts.take();
  parts.end();
  const read = STRINGS.get(value.tag);
  return `${type}=${read ? JSON.stringify(prepared(read(contentOf(value)))) : value.tag + contentOf(value).toString('hex')}`;
}

/** RFC 4518 §2, as far as it matters to tell names apart. */
function prepared(text: string): string {
  return text.replace(UNSEEN, '').normalize('NFKC').toLowerCase().normalize('NFKC').replace(/\s+/g, ' ').trim();
}

function utf8(content: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw malformed('a name is not in the encoding it claims');
  }
}

function utf16(content: Buffer): string {
  if (content.length % 2 !== 0) throw malformed('a name is not in the encoding it claims');
  return Buffer.from(content).swap16().toString('utf16le');
}

function utf32(content: Buffer): string {
  const points = Array.from({ length: content.length / 4 }, (_, at) => content.readUInt32BE(at * 4));
  if (content.length % 4 !== 0 || points.some((point) => point > 0x10ffff))
    throw malformed('a name is not in the encoding it claims');
  return String.fromCodePoint(...points);
}
