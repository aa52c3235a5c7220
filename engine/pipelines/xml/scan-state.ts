import { createNameTable, MAX_NAMES, type NameTable } from './names.ts';
import type { SchemaOutline } from './schema-outline.ts';

/** Flags of an open element. */
export const MIXED = 1; // its text is not one plain run of characters: a child, a reference, a comment or CDATA is in it
export const OPAQUE = 2; // an xsi:type may have given it another content model than its name says

/** What hears of the elements whose numbers are marked in `wanted`. */
export interface Sink {
  opened(id: number, depth: number): void;
  /** The element's text lies in `bytes` from `valueStart` to `valueEnd`; it is plain unless `valueMixed`. */
  closed(id: number, depth: number): void;
}

/** Open elements, from the root (0) down; one array for each property, so that a tag costs no allocation. */
export interface Open {
  readonly name: Int32Array;
  /** Where the start tag begins and where the content begins, in the window. */
  readonly start: Int32Array;
  readonly content: Int32Array;
  readonly flags: Uint8Array;
  /** Place of the start tag in the file. */
  readonly file: Float64Array;
  readonly line: Float64Array;
  readonly column: Float64Array;
  /** The name of the last child, and the range of its followers of the same name that a later window can leave out. */
  readonly runName: Int32Array;
  readonly dropStart: Int32Array;
  readonly dropEnd: Int32Array;
  /** How many droppable ranges there were when it was opened. */
  readonly dropBase: Int32Array;
}

/** The state of a scan. Positions are offsets in the window; `delta` makes them offsets in the file. */
export interface ScanState {
  bytes: Uint8Array;
  fill: number;
  pos: number;
  delta: number;
  /** Line of `pos`, from 1, and the file offset from which its column counts. */
  line: number;
  lineBase: number;
  /** Bytes from 0x80 below this take no column: continuation bytes of UTF-8. */
  continuationEnd: number;
  depth: number;
  readonly maxDepth: number;
  readonly open: Open;
  readonly names: NameTable;
  /** The name of the last start tag, and by each name that of the start tag that followed it the last time. */
  lastName: number;
  readonly followers: Uint16Array;
  readonly wanted: Uint8Array;
  readonly sink: Sink;
  outline: SchemaOutline | undefined;
  /** 0 unknown, 1 no, 2 yes: whether a child repeats in its parent. */
  readonly repeats: Uint8Array;
  /** Pairs of start and end that a later window can leave out, apart from the runs in progress. */
  drops: Int32Array;
  dropCount: number;
  /** Closed elements with more content than this are replayed without it. */
  keepSmall: number;
  /** From here on the scan stops at the end of a record, so that the window can be cut; later at that of any element. */
  cutAt: number;
  cutAnywhereAt: number;
  /** Quoted values of the last start tag that was not a bare name. */
  attributes: number;
  /** Elements, attributes, comments and instructions of the window so far. */
  nodes: number;
  /** Depth of the records of this window: the outermost elements that follow one of their own name. */
  recordDepth: number;
  /** Whether a comment, CDATA or an instruction was met inside the root. */
  decorated: boolean;
  rootSeen: boolean;
  rootClosed: boolean;
  valueStart: number;
  valueEnd: number;
  valueMixed: boolean;
  fault: ScanFault | undefined;
}

/** Why the scanner cannot go on. A `hidden` one must not be shown to a parser. */
export interface ScanFault {
  readonly detail: string;
  readonly hidden: boolean;
}

export interface ScanOptions {
  readonly maxDepth: number;
  readonly wanted: readonly string[];
  readonly sink: Sink;
  readonly keepSmall: number;
}

/** A scan at the start of a file; `wanted` names get the numbers from 1. */
export function createScan({ maxDepth, wanted, sink, keepSmall }: ScanOptions): ScanState {
  const marks = new Uint8Array(MAX_NAMES + 1);
  marks.fill(1, 1, wanted.length + 1);
  return {
    ...{ bytes: new Uint8Array(), fill: 0, pos: 0, delta: 0, line: 1, lineBase: 0, continuationEnd: 0xc0 },
    ...{ depth: 0, maxDepth, open: createOpen(maxDepth + 1), names: createNameTable(wanted), wanted: marks, sink },
    ...{ lastName: 0, followers: new Uint16Array(MAX_NAMES + 1) },
    ...{ outline: undefined, repeats: new Uint8Array((MAX_NAMES + 1) ** 2) },
    ...{
      drops: new Int32Array(1024),
      dropCount: 0,
      keepSmall,
      cutAt: 0,
      cutAnywhereAt: 0,
      attributes: 0,
      nodes: 0,
      recordDepth: maxDepth,
      decorated: false,
      rootSeen: false,
      rootClosed: false,
    },
    ...{ valueStart: 0, valueEnd: 0, valueMixed: false, fault: undefined },
  };
}

function createOpen(size: number): Open {
  const int = () => new Int32Array(size);
  const float = () => new Float64Array(size);
  return {
    ...{ name: int(), start: int(), content: int(), flags: new Uint8Array(size) },
    ...{ file: float(), line: float(), column: float() },
    ...{ runName: int(), dropStart: int(), dropEnd: int(), dropBase: int() },
  };
}

/** Adds a range that a later window can leave out. */
export function addDrop(s: ScanState, start: number, end: number): void {
  if (2 * s.dropCount + 2 > s.drops.length) {
    const larger = new Int32Array(s.drops.length * 2);
    larger.set(s.drops);
    s.drops = larger;
  }
  s.drops[2 * s.dropCount] = start;
  s.drops[2 * s.dropCount + 1] = end;
  s.dropCount++;
}

/** The file column (from 1) of a place on the line that is being scanned. */
export function columnAt(s: ScanState, at: number): number {
  return at + s.delta - s.lineBase + 1;
}

/** Sets how large the window may grow before it is cut. */
export function setCut(s: ScanState, cutAt: number): void {
  s.cutAt = cutAt;
  s.cutAnywhereAt = cutAt + (cutSlack(cutAt) >> 1);
}

/** Bytes that are read beyond the place of the cut, so that a good one is found. */
export function cutSlack(cutAt: number): number {
  return Math.max(256, cutAt >> 4);
}
