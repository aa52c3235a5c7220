import { EngineError } from './errors.ts';

/** One element of a BER encoding: where it lies in `source`, and its children when it is constructed. */
export interface BerNode {
  readonly source: Buffer;
  /** The identifier octet as it stands: class, constructed bit and number (number below 31 only). */
  readonly tag: number;
  /** First octet of the header, and one past the last octet of the element (end-of-contents octets included). */
  readonly from: number;
  readonly to: number;
  readonly contentFrom: number;
  readonly contentTo: number;
  readonly children: readonly BerNode[];
}

/** What a reader takes: the defaults bound time and memory for any input. */
export interface BerLimits {
  readonly depth: number;
  readonly elements: number;
  /** Only the distinguished encoding: definite and shortest lengths. */
  readonly der: boolean;
}

const DEFAULT_LIMITS: BerLimits = { depth: 32, elements: 20_000, der: false };
const CONSTRUCTED = 0x20;
const INDEFINITE = -1;

interface Reading {
  readonly source: Buffer;
  readonly limits: BerLimits;
  elementsLeft: number;
}

/** Reads exactly one BER element that spans the whole buffer; otherwise EngineError `message_malformed`. */
export function readBer(source: Buffer, limits: Partial<BerLimits> = {}): BerNode {
  const all = { ...DEFAULT_LIMITS, ...limits };
  const node = readNode({ source, limits: all, elementsLeft: all.elements }, 0, source.length, all.depth);
  if (node.to !== source.length) throw malformed('there are bytes after the end of the structure');
  return node;
}

/** As `readBer`, but only for the distinguished encoding (definite and shortest lengths). */
export function readDer(source: Buffer): BerNode {
  return readBer(source, { der: true });
}

/** The error for an encoding that cannot be read; the sentence never quotes the content. */
export function malformed(sentence: string): EngineError {
  return new EngineError('message_malformed', sentence);
}

/** The content octets, without header. */
export function contentOf(node: BerNode): Buffer {
  return node.source.subarray(node.contentFrom, node.contentTo);
}

/** The element as it stands in the source, header included. */
export function rawOf(node: BerNode): Buffer {
  return node.source.subarray(node.from, node.to);
}

function readNode(reading: Reading, from: number, limit: number, depth: number): BerNode {
  if (depth === 0) throw malformed('the structure is nested too deeply');
  if (reading.elementsLeft-- <= 0) throw malformed('the structure has too many elements');
  const tag = octetAt(reading, from, limit);
  if ((tag & 0x1f) === 0x1f) throw malformed('a tag number above 30 is not expected here');
  if (tag === 0) throw malformed('an end-of-contents mark stands where an element was expected');
  const { length, contentFrom } = readLength(reading, from + 1, limit);
  if (length === INDEFINITE) return readIndefinite(reading, { tag, from, contentFrom, limit, depth });
  const to = contentFrom + length;
  if (to > limit) throw malformed('an element is longer than what holds it');
  const children = tag & CONSTRUCTED ? readChildren(reading, contentFrom, to, depth - 1) : [];
  return { source: reading.source, tag, from, to, contentFrom, contentTo: to, children };
}

function readChildren(reading: Reading, from: number, to: number, depth: number): BerNode[] {
  const children: BerNode[] = [];
  for (let at = from; at < to; ) {
    const child = readNode(reading, at, to, depth);
    children.push(child);
    at = child.to;
  }
  return children;
}

interface Opening {
  readonly tag: number;
  readonly from: number;
  readonly contentFrom: number;
  readonly limit: number;
  readonly depth: number;
}

function readIndefinite(reading: Reading, { tag, from, contentFrom, limit, depth }: Opening): BerNode {
  if (reading.limits.der) throw malformed('an indefinite length is not allowed in DER');
  if (!(tag & CONSTRUCTED)) throw malformed('a primitive element has an indefinite length');
  const children: BerNode[] = [];
  let at = contentFrom;
  while (octetAt(reading, at, limit) !== 0) {
    const child = readNode(reading, at, limit, depth - 1);
    children.push(child);
    at = child.to;
  }
  if (octetAt(reading, at + 1, limit) !== 0) throw malformed('an end-of-contents mark is damaged');
  return { source: reading.source, tag, from, to: at + 2, contentFrom, contentTo: at, children };
}

function readLength(reading: Reading, at: number, limit: number): { length: number; contentFrom: number } {
  const first = octetAt(reading, at, limit);
  if (first < 0x80) return { length: first, contentFrom: at + 1 };
  if (first === 0x80) return { length: INDEFINITE, contentFrom: at + 1 };
  const count = first & 0x7f;
  if (count > 4) throw malformed('a length has more than four octets');
  let length = 0;
  for (let i = 1; i <= count; i++) length = length * 256 + octetAt(reading, at + i, limit);
  if (reading.limits.der && (length < 0x80 || length < 256 ** (count - 1)))
    throw malformed('a length is not the shortest');
  return { length, contentFrom: at + 1 + count };
}

function octetAt(reading: Reading, at: number, limit: number): number {
  const octet = at < limit ? reading.source[at] : undefined;
  if (octet === undefined) throw malformed('the structure ends too early');
  return octet;
}
