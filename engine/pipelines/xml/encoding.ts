import { isUtf8 } from 'node:buffer';

/** The encodings a declaration may have; each keeps the characters of US-ASCII in their places. */
export type Encoding = 'utf-8' | 'us-ascii' | 'iso-8859-1' | 'iso-8859-15' | 'windows-1252';

const NAMES: Readonly<Record<string, Encoding>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'us-ascii',
  ascii: 'us-ascii',
  'iso-8859-1': 'iso-8859-1',
  iso_8859_1: 'iso-8859-1',
  latin1: 'iso-8859-1',
  'iso-8859-15': 'iso-8859-15',
  'latin-9': 'iso-8859-15',
  'windows-1252': 'windows-1252',
  cp1252: 'windows-1252',
};

/** What the first bytes of a file say: its encoding and how many bytes to step over, or why it cannot be read. */
export type Beginning =
  | { readonly encoding: Encoding; readonly skip: number }
  | { readonly encoding: undefined; readonly detail: string };

/** Judges byte order mark and XML declaration (finding 138); `head` is the first 1024 bytes, or all. */
export function readBeginning(head: Uint8Array): Beginning {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (isWide(bytes)) return unsupported('UTF-16 or UTF-32');
  const marked = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]));
  const skip = marked ? 3 : 0;
  const declared = /^<\?xml\s[^>]*?\bencoding\s*=\s*(?:"([^"]*)"|'([^']*)')/.exec(bytes.toString('latin1', skip));
  const name = declared?.[1] ?? declared?.[2];
  if (name === undefined) return { encoding: 'utf-8', skip };
  const known = name.toLowerCase();
  const encoding = Object.hasOwn(NAMES, known) ? NAMES[known] : undefined;
  if (encoding === undefined) return unsupported(/^[\w.:-]{1,40}$/.test(name) ? `"${name}"` : 'the declared one');
  if (marked && encoding !== 'utf-8') return unsupported(`"${name}" with the byte order mark of UTF-8`);
  return { encoding, skip };
}

function unsupported(what: string): Beginning {
  return { encoding: undefined, detail: `The encoding is not supported: ${what}` };
}

function isWide(bytes: Buffer): boolean {
  const [a, b] = [bytes[0], bytes[1]];
  return (
    (a === 0xfe && b === 0xff) || (a === 0xff && b === 0xfe) || (a === 0 && b !== undefined) || (a === 0x3c && b === 0)
  );
}

/** How many of `bytes`, from the first, are whole characters and right in the encoding. */
export function rightBytes(bytes: Uint8Array, encoding: Encoding): number {
  if (encoding === 'utf-8') return rightUtf8(bytes);
  if (encoding === 'us-ascii') return firstOf(bytes, (byte) => byte >= 0x80);
  if (encoding === 'windows-1252') return firstOf(bytes, isUndefined1252);
  return bytes.length;
}

function isUndefined1252(byte: number): boolean {
  return byte === 0x81 || byte === 0x8d || byte === 0x8f || byte === 0x90 || byte === 0x9d;
}

function firstOf(bytes: Uint8Array, wrong: (byte: number) => boolean): number {
  const found = bytes.findIndex(wrong);
  return found < 0 ? bytes.length : found;
}

function rightUtf8(bytes: Uint8Array): number {
  if (isUtf8(bytes)) return bytes.length;
  // the longest prefix that is right, by halving: a prefix cut inside a character counts up to that character
  let [low, high] = [0, bytes.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (isUtf8(bytes.subarray(0, wholeCharacters(bytes, middle)))) low = middle;
    else high = middle - 1;
  }
  return wholeCharacters(bytes, low);
}

/** The end, or the start of the character that is not whole at the end. */
function wholeCharacters(bytes: Uint8Array, end: number): number {
  for (let back = 1; back <= 3 && back <= end; back++) {
    const byte = bytes[end - back] as number;
    if (byte < 0x80) return end;
    if (byte >= 0xc0) return back < lengthOf(byte) ? end - back : end;
  }
  return end;
}

function lengthOf(first: number): number {
  if (first >= 0xf0) return 4;
  return first >= 0xe0 ? 3 : 2;
}

/** True when bytes that are not whole are the beginning of a character of UTF-8 that may go on. */
export function isUnfinished(bytes: Uint8Array, encoding: Encoding): boolean {
  const first = bytes[0] ?? 0;
  if (encoding !== 'utf-8' || first < 0xc2 || first > 0xf4 || bytes.length >= lengthOf(first)) return false;
  return bytes.subarray(1).every((byte) => byte >= 0x80 && byte < 0xc0);
}

/** The same text in UTF-8. */
export function toUtf8(bytes: Uint8Array, encoding: Encoding): Uint8Array {
  if (encoding === 'utf-8' || encoding === 'us-ascii') return bytes;
  // the label iso-8859-1 means windows-1252 to a TextDecoder
  if (encoding === 'iso-8859-1') return Buffer.from(Buffer.from(bytes).toString('latin1'), 'utf8');
  return new TextEncoder().encode(new TextDecoder(encoding).decode(bytes));
}

/** The text of these bytes. */
export function decode(bytes: Uint8Array, encoding: Encoding): string {
  return Buffer.from(toUtf8(bytes, encoding)).toString('utf8');
}
