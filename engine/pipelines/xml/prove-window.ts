import { isUtf8 } from 'node:buffer';
import { findName, OTHER_NAME } from './names.ts';
import type { ProofTables } from './prove-schema.ts';
import type { ValueRule } from './prove-values.ts';

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const SLASH = 47;
const LT = 60;
const GT = 62;
/** Below what the parser takes. */
const DEEPEST = 200;
/** The root's start tag is looked for in so many bytes. */
const HEAD = 1024;

/** A document, or the window of one. */
export interface Provable {
  /** In UTF-8; bytes that are not are not proven. */
  readonly bytes: Uint8Array;
  /** Before this place stands context: elements closed in it may have been emptied. */
  readonly own: number;
  /** Where the elements begin that the window closes although the file does not. */
  readonly unclosed: readonly number[];
}

/** True when a window is certainly well-formed and valid; false says nothing. */
export type Prove = (window: Provable) => boolean;

/**
 * Proves documents in which there is nothing but the schema's elements without attributes, white space between them
 * and plain values; of the root's attributes only the schema's name. Anything else is left to the parser.
 */
export function createProof(tables: ProofTables): Prove {
  const run: Run = {
    ...{ bytes: new Uint8Array(), own: 0, unclosed: [], at: 0, depth: 0 },
    ...{ id: new Int32Array(DEEPEST), state: new Int32Array(DEEPEST), start: new Int32Array(DEEPEST) },
    guess: new Uint16Array(tables.mayEnd.length),
  };
  return (window) => {
    run.bytes = window.bytes;
    run.own = window.own;
    run.unclosed = window.unclosed;
    run.depth = 0;
    return isUtf8(run.bytes) && enterRoot(tables, run) && proveContent(tables, run);
  };
}

interface Run {
  bytes: Uint8Array;
  own: number;
  unclosed: readonly number[];
  /** Of the open elements, from the root (0) down: number, state of the content, place of the start tag. */
  readonly id: Int32Array;
  readonly state: Int32Array;
  readonly start: Int32Array;
  /** By state: the element that came next the last time. */
  readonly guess: Uint16Array;
  at: number;
  depth: number;
}

const BLANK = '[ \\t\\r\\n]';
const INSTANCE = 'xmlns:xsi="http://www\\.w3\\.org/2001/XMLSchema-instance"';
const LOCATION = 'xsi:noNamespaceSchemaLocation="[\\w.:/-]*"';
const ROOT = new RegExp(`^<([A-Za-z_][\\w.-]*)(?:${BLANK}+${INSTANCE}(?:${BLANK}+${LOCATION})?)?${BLANK}*>`);

function enterRoot({ names, first, isGlobal }: ProofTables, run: Run): boolean {
  const { bytes } = run;
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(HEAD, bytes.length)).toString('latin1');
  const [tag = '', name] = ROOT.exec(head) ?? [];
  const id = name === undefined ? OTHER_NAME : Math.max(OTHER_NAME, names.texts.indexOf(name));
  if (id === OTHER_NAME || isGlobal[id] !== 1 || (first[id] as number) < 0) return false;
  run.id[0] = id;
  run.state[0] = first[id] as number;
  run.start[0] = 0;
  run.at = tag.length;
  return true;
}

function proveContent(tables: ProofTables, run: Run): boolean {
  const { bytes } = run;
  while (run.depth >= 0) {
    run.at = pastSpace(bytes, run.at);
    if (run.at + 2 >= bytes.length || bytes[run.at] !== LT) return false;
    if (!(bytes[run.at + 1] === SLASH ? leave(tables, run) : enter(tables, run))) return false;
  }
  return pastSpace(bytes, run.at) === bytes.length;
}

function pastSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let byte = bytes[at]; byte === LF || byte === TAB || byte === SPACE || byte === CR; ) byte = bytes[++at];
  return at;
}

/** Steps over an end tag; the element's content must be whole, or cut off by the window, or replayed as nothing. */
function leave(tables: ProofTables, run: Run): boolean {
  const { at, depth, own, unclosed } = run;
  const id = run.id[depth] as number;
  const after = pastName(tables, id, run.bytes, at + 2);
  if (after < 0) return false;
  const start = run.start[depth] as number;
  const isWhole = tables.mayEnd[run.state[depth] as number] === 1 || unclosed[depth] === start;
  // an end tag has one mark more than its start tag
  const isEmptied = start < own && at - start === after - at - 1;
  run.at = after;
  run.depth--;
  return isWhole || isEmptied;
}

/** The place behind a name and the mark that ends its tag; -1 when there is another thing. */
function pastName({ tags, tagStart }: ProofTables, id: number, bytes: Uint8Array, from: number): number {
  const end = tagStart[id + 1] as number;
  let at = from;
  for (let place = tagStart[id] as number; place < end; place++) if (tags[place] !== bytes[at++]) return -1;
  return at;
}

/** Steps over a start tag, and over the whole element if it has a value. */
function enter(tables: ProofTables, run: Run): boolean {
  const { values, first, next, width } = tables;
  const { bytes, at: start, depth, guess } = run;
  const before = run.state[depth] as number;
  let id = guess[before] as number;
  let at = id === OTHER_NAME ? -1 : pastName(tables, id, bytes, start + 1);
  if (at < 0) {
    id = nameAt(tables, bytes, start + 1);
    if (id === OTHER_NAME) return false;
    guess[before] = id;
    at = pastName(tables, id, bytes, start + 1);
  }
  const state = next[before * width + id] as number;
  if (state < 0) return false;
  run.state[depth] = state;
  const value = values[id];
  if (value) return pastValue(tables, id, value, run, at);
  if ((first[id] as number) < 0 || depth + 1 >= DEEPEST) return false;
  run.depth = depth + 1;
  run.id[depth + 1] = id;
  run.state[depth + 1] = first[id] as number;
  run.start[depth + 1] = start;
  run.at = at;
  return true;
}

/** The number of the name that stands at a place, to the mark that ends the tag. */
function nameAt({ names }: ProofTables, bytes: Uint8Array, from: number): number {
  let at = from;
  let hash = 0;
  for (let byte = bytes[at]; byte !== undefined && byte !== GT && byte > SPACE; byte = bytes[++at]) {
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  return bytes[at] === GT ? findName(names, bytes, from, at, hash) : OTHER_NAME;
}

function pastValue(tables: ProofTables, id: number, value: ValueRule, run: Run, from: number): boolean {
  const { bytes } = run;
  const { length } = bytes;
  let end = from;
  while (end < length && bytes[end] !== LT) end++;
  if (bytes[end + 1] !== SLASH) return false;
  run.at = pastName(tables, id, bytes, end + 2);
  return run.at >= 0 && value(bytes, from, end);
}
