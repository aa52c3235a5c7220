import type { ScanState } from './scan-state.ts';

/** A start tag that was open when a window began: where it is in the window and where in the file. */
export interface Place {
  readonly at: number;
  readonly file: number;
  readonly line: number;
  readonly column: number;
}

/** A piece of the file with its context, ready to be checked as a document of its own. */
export interface Window {
  /** Bytes of `buffer` that count. */
  readonly length: number;
  readonly buffer: ArrayBuffer;
  /** From here on the bytes are the file's own, once; before it stands the context, replayed. */
  readonly own: Place;
  /** Elements that are open at the beginning, from the root down; their start tags are in the context. */
  readonly ancestors: readonly Place[];
  /** Where the elements begin that this window closes although the file does not. */
  readonly unclosed: readonly number[];
}

/** The context that the next window begins with. */
export interface Context {
  readonly own: Place;
  readonly ancestors: readonly Place[];
}

/** The context of a file's first window: nothing. */
export function firstContext(offset: number): Context {
  return { own: { at: 0, file: offset, line: 1, column: 1 }, ancestors: [] };
}

/** Whether a later window needs the content model of the open elements, or only their start tags. */
export type Keep = 'content' | 'tags';

/** How many bytes the context would have if the window were cut now. */
export function contextSize(s: ScanState, keep: Keep): number {
  return keptRanges(s, keep).reduce((sum, [start, end]) => sum + end - start, 0);
}

/**
 * Ends the window at `pos`, closes what is open in it, and moves the scan into `next`, which begins with the context.
 * Gives the bytes of the ended window and the context of the next. `next` must have room for context and rest.
 */
export function cut(
  s: ScanState,
  keep: Keep,
  next: Uint8Array,
): { readonly bytes: Uint8Array; readonly length: number; readonly unclosed: number[]; readonly context: Context } {
  const old = s.bytes;
  const unclosed = [...s.open.start.subarray(0, s.depth)];
  const ranges = keptRanges(s, keep);
  const size = copyRanges(old, ranges, next);
  next.set(old.subarray(s.pos, s.fill), size);
  const end = s.pos;
  moveScan(s, ranges, size, next);
  const closed = closeElements(s, old, end);
  return { ...closed, unclosed, context: contextOf(s, size) };
}

type Range = readonly [start: number, end: number];

function keptRanges(s: ScanState, keep: Keep): Range[] {
  const { start, content } = s.open;
  if (keep === 'tags') return Array.from({ length: s.depth }, (_, d) => [start[d] as number, content[d] as number]);
  const kept: Range[] = [];
  let at = start[0] as number;
  for (const [from, to] of droppedRanges(s)) {
    if (from > at) kept.push([at, from]);
    at = Math.max(at, to);
  }
  if (s.pos > at) kept.push([at, s.pos]);
  return kept;
}

function droppedRanges(s: ScanState): Range[] {
  const { dropStart, dropEnd } = s.open;
  const ranges: Range[] = [];
  for (let at = 0; at < s.dropCount; at++) ranges.push([s.drops[2 * at] as number, s.drops[2 * at + 1] as number]);
  for (let d = 0; d < s.depth; d++) {
    const [from, to] = [dropStart[d] as number, dropEnd[d] as number];
    if (to > from) ranges.push([from, to]);
  }
  return ranges.sort((a, b) => a[0] - b[0]);
}

function copyRanges(from: Uint8Array, ranges: readonly Range[], to: Uint8Array): number {
  let at = 0;
  for (const [start, end] of ranges) {
    to.set(from.subarray(start, end), at);
    at += end - start;
  }
  return at;
}

/** Where a position lands when only these ranges are kept; one in a gap lands where the gap was. */
function moved(position: number, ranges: readonly Range[]): number {
  let at = 0;
  for (const [start, end] of ranges) {
    if (position <= start) break;
    at += Math.min(position, end) - start;
  }
  return at;
}

function moveScan(s: ScanState, ranges: readonly Range[], size: number, next: Uint8Array): void {
  const { open } = s;
  for (let d = 0; d < s.depth; d++) {
    open.start[d] = moved(open.start[d] as number, ranges);
    open.content[d] = moved(open.content[d] as number, ranges);
    const run = moved(open.dropStart[d] as number, ranges);
    open.dropStart[d] = run;
    open.dropEnd[d] = run;
    open.dropBase[d] = 0;
  }
  s.dropCount = 0;
  s.nodes = nodesIn(next, size);
  s.recordDepth = s.maxDepth;
  s.delta += s.pos - size;
  s.fill += size - s.pos;
  s.pos = size;
  s.bytes = next;
}

/** At most so many nodes stand in the context: a "=" in a text counts as one. */
function nodesIn(context: Uint8Array, size: number): number {
  let nodes = 0;
  for (let at = 0; at < size; at++) {
    const byte = context[at];
    if (byte === 0x3d || (byte === 0x3c && context[at + 1] !== 0x2f)) nodes++;
  }
  return nodes;
}

function closeElements(s: ScanState, old: Uint8Array, end: number): { bytes: Uint8Array; length: number } {
  const names = [...s.open.name.subarray(0, s.depth)].reverse();
  const tags = Buffer.concat(names.map((id, up) => closingTag(s, id, s.depth - 1 - up)));
  const bytes = end + tags.length > old.length ? new Uint8Array(end + tags.length) : old;
  if (bytes !== old) bytes.set(old.subarray(0, end));
  bytes.set(tags, end);
  return { bytes, length: end + tags.length };
}

function closingTag(s: ScanState, id: number, depth: number): Buffer {
  const known = s.names.bytes[id] as Uint8Array;
  return Buffer.concat([Buffer.from('</'), known.length > 0 ? known : nameInTag(s, depth), Buffer.from('>')]);
}

/** A name beyond the table's limit is read again from its start tag, which every context has. */
function nameInTag(s: ScanState, depth: number): Uint8Array {
  const start = (s.open.start[depth] as number) + 1;
  let end = start;
  while ((s.bytes[end] as number) > 0x20 && s.bytes[end] !== 0x3e && s.bytes[end] !== 0x2f) end++;
  return s.bytes.slice(start, end);
}

function contextOf(s: ScanState, size: number): Context {
  const { start, file, line, column } = s.open;
  const ancestors = Array.from({ length: s.depth }, (_, d) => ({
    at: start[d] as number,
    file: file[d] as number,
    line: line[d] as number,
    column: column[d] as number,
  }));
  const own = { at: size, file: size + s.delta, line: s.line, column: size + s.delta - s.lineBase + 1 };
  return { own, ancestors };
}
