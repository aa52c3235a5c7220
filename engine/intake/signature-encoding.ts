import { malformed } from '../core/ber.ts';

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const SEQUENCE = 0x30;
const BLANK: readonly number[] = [0x09, 0x0a, 0x0d, 0x20];
const PEM = /^-----BEGIN (PKCS7|CMS)-----[ \t]*[\r\n]([^-]*)-----END \1-----$/;

/**
 * Takes a signature file out of its encoding: binary, base64 (one line or many, any line end) or PEM (protocol §1.5).
 * A UTF-8 byte-order mark and white space are accepted around and inside text, nothing else is; otherwise `message_malformed`.
 */
export function decodeSignature(file: Buffer): Buffer {
  if (file.length === 0) throw malformed('the signature file is empty');
  // base64 of a SEQUENCE begins with M, so the first octet tells binary from text
  if (file[0] === SEQUENCE) return file;
  const bytes = file.subarray(0, 3).equals(BOM) ? file.subarray(3) : file;
  const text = withoutBlankEnds(bytes).toString('latin1');
  return fromBase64(text.startsWith('-') ? pemBody(text) : text);
}

/** By hand: a pattern for white space at the end takes quadratic time on a file of white space. */
function withoutBlankEnds(bytes: Buffer): Buffer {
  let [from, to] = [0, bytes.length];
  while (from < to && BLANK.includes(bytes[from]!)) from++;
  while (to > from && BLANK.includes(bytes[to - 1]!)) to--;
  return bytes.subarray(from, to);
}

function pemBody(text: string): string {
  const body = PEM.exec(text)?.[2];
  if (body === undefined) throw malformed('the signature file is not one PEM block labelled PKCS7 or CMS');
  return body;
}

function fromBase64(text: string): Buffer {
  const compact = text.replace(/[ \t\r\n]+/g, '');
  const bytes = Buffer.from(compact, 'base64');
  // Node skips what it does not know; only the canonical text gives itself back
  if (bytes.length === 0 || bytes.toString('base64') !== compact) throw malformed('the signature file is not base64');
  return bytes;
}
