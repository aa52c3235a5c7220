import type { BerNode } from './ber.ts';
import { malformed, readDer } from './ber.ts';

/** Where one DER element lies; what is in it has not been looked at. For structures too large to be read as a tree. */
export interface Element {
  readonly source: Buffer;
  readonly tag: number;
  readonly from: number;
  readonly contentFrom: number;
  /** One past its last octet. */
  readonly to: number;
}

/** The element that begins at `from` and must end by `limit`. Throws `message_malformed`. */
export function elementAt(source: Buffer, from: number, limit: number): Element {
  const tag = source[from];
  const first = source[from + 1];
  if (from + 2 > limit || tag === undefined || first === undefined) throw malformed('the structure ends too early');
  if ((tag & 0x1f) === 0x1f || tag === 0) throw malformed('an element has another type than expected');
  const octets = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || octets > 4 || from + 2 + octets > limit) throw malformed('a length is not as it should be');
  const length = octets === 0 ? first : source.readUIntBE(from + 2, octets);
  if (octets > 0 && (length < 0x80 || length < 256 ** (octets - 1))) throw malformed('a length is not the shortest');
  const contentFrom = from + 2 + octets;
  if (contentFrom + length > limit) throw malformed('an element is longer than what holds it');
  return { source, tag, from, contentFrom, to: contentFrom + length };
}

/** The elements in one that must have this tag, one after the other; more than `most` are malformed. */
export function* elementsIn(holder: Element, tag: number, most = Number.POSITIVE_INFINITY): Generator<Element> {
  if (holder.tag !== tag) throw malformed('an element has another type than expected');
  let count = 0;
  for (let at = holder.contentFrom; at < holder.to; ) {
    if (++count > most) throw malformed('there is an element too many');
    const element = elementAt(holder.source, at, holder.to);
    yield element;
    at = element.to;
  }
}

/** The element read as a tree. */
export function nodeOf({ source, from, to }: Element): BerNode {
  return readDer(source.subarray(from, to));
}
