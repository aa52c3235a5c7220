import { internName, isName, nameLength, nameSize, OTHER_NAME, pastName } from './names.ts';
import { recordDrop } from './scan-drops.ts';
import { LONG_TAG_BYTES, MAX_ATTRIBUTES, MAX_NODES, MAX_TAG_BYTES } from './scan-limits.ts';
import { columnAt, MIXED, OPAQUE, type ScanState } from './scan-state.ts';

/** Why the scanner returned. */
export const STOP = { none: 0, more: 1, root: 2, cut: 3, fault: 4 } as const;
type Stop = (typeof STOP)[keyof typeof STOP];

const LF = 10;
const SPACE = 32;
const BANG = 33;
const QUOTE = 34;
const AMP = 38;
const APOS = 39;
const SLASH = 47;
const LT = 60;
const GT = 62;
const QUESTION = 63;

/**
 * Reads tokens until more bytes are needed (`more`), the root's start tag was read (`root`), the window may be cut
 * (`cut`) or something cannot be XML (`fault`). It finds the structure; whether the XML is right a parser judges.
 */
export function advance(s: ScanState): Stop {
  for (;;) {
    if (!skipText(s)) return STOP.more;
    const stop = readToken(s);
    if (stop !== STOP.none) return stop;
  }
}

function skipText(s: ScanState): boolean {
  const { bytes, fill, delta, continuationEnd } = s;
  let at = s.pos;
  let { line, lineBase } = s;
  for (; at < fill; at++) {
    const byte = bytes[at] as number;
    if (byte === LT) break;
    if (byte === LF) {
      line++;
      lineBase = at + 1 + delta;
    } else if (byte === AMP) markMixed(s);
    else if (byte >= 0x80 && byte < continuationEnd) lineBase++;
  }
  s.pos = at;
  s.line = line;
  s.lineBase = lineBase;
  return at < fill;
}

function readToken(s: ScanState): Stop {
  if (s.pos + 1 >= s.fill) return STOP.more;
  const next = s.bytes[s.pos + 1] as number;
  if (next === SLASH) return endTag(s);
  if (next === BANG) return declaration(s);
  if (next === QUESTION) return skipThrough(s, s.pos + 2, '?>');
  return startTag(s);
}

/** Most elements follow the same one as the last time: the name is then compared and not looked up. */
function startTag(s: ScanState): Stop {
  const { bytes, names, pos } = s;
  const guess = s.followers[s.lastName] as number;
  if (guess !== OTHER_NAME && pos + 1 + nameSize(names, guess) < s.fill) {
    const end = pastName(names, guess, bytes, pos + 1);
    if (end >= 0 && bytes[end] === GT) return enter(s, guess, end, end);
  }
  return anyStartTag(s);
}

function anyStartTag(s: ScanState): Stop {
  const { bytes, fill, pos } = s;
  let at = pos + 1;
  let hash = 0;
  let byte = 0;
  for (; at < fill; at++) {
    byte = bytes[at] as number;
    if (byte === GT || byte === SLASH || byte <= SPACE) break;
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  if (at === pos + 1 && at < fill) return fail(s, 'a "<" that begins nothing');
  s.attributes = 0;
  const end = byte === GT ? at : tagEnd(s, at);
  if (isTooLong(s, end < 0 ? fill : end)) return fail(s, `start tags of more than ${MAX_TAG_BYTES} bytes`, true);
  if (end < 0) return STOP.more;
  if (s.attributes > MAX_ATTRIBUTES) return fail(s, `a start tag with more than ${MAX_ATTRIBUTES} attributes`, true);
  return enter(s, internName(s.names, bytes, pos + 1, at, hash), at, end);
}

/** Where the ">" of a start tag is, past quoted values, which it counts; -1 when it has not been read yet. */
function tagEnd(s: ScanState, from: number): number {
  const { bytes, fill } = s;
  let quote = 0;
  for (let at = from; at < fill; at++) {
    const byte = bytes[at] as number;
    if (quote !== 0) {
      if (byte === quote) quote = 0;
    } else if (byte === GT) return at;
    else if (byte === QUOTE || byte === APOS) {
      quote = byte;
      s.attributes++;
    }
  }
  return -1;
}

function isTooLong({ pos, depth, open }: ScanState, end: number): boolean {
  if (end - pos <= LONG_TAG_BYTES) return false;
  let sum = end - pos;
  for (let above = 0; above < depth; above++) sum += (open.content[above] as number) - (open.start[above] as number);
  return sum > MAX_TAG_BYTES;
}

function enter(s: ScanState, id: number, nameEnd: number, end: number): Stop {
  const { open, depth, pos } = s;
  if (depth >= s.maxDepth) return fail(s, `elements nested more than ${s.maxDepth} deep`, true);
  if (depth === 0 && s.rootSeen) return fail(s, 'a second root element');
  if (depth > 0) open.flags[depth - 1] = (open.flags[depth - 1] as number) | MIXED;
  open.name[depth] = id;
  open.start[depth] = pos;
  open.content[depth] = end + 1;
  open.flags[depth] = 0;
  open.file[depth] = pos + s.delta;
  open.line[depth] = s.line;
  open.column[depth] = columnAt(s, pos);
  open.runName[depth] = -1;
  open.dropStart[depth] = 0;
  open.dropEnd[depth] = 0;
  open.dropBase[depth] = s.dropCount;
  s.depth = depth + 1;
  s.followers[s.lastName] = id;
  s.lastName = id;
  s.nodes++;
  const empty = s.bytes[end - 1] === SLASH;
  if (nameEnd < (empty ? end - 1 : end)) readAttributes(s, nameEnd, end);
  s.pos = end + 1;
  if (s.wanted[id] === 1) s.sink.opened(id, depth);
  const stop = empty ? leave(s, end + 1, end + 1) : STOP.none;
  if (depth > 0) return stop;
  s.rootSeen = true;
  return STOP.root;
}

function readAttributes(s: ScanState, from: number, end: number): void {
  passLines(s, s.pos, end);
  s.nodes += s.attributes;
  const text = Buffer.from(s.bytes.buffer, s.bytes.byteOffset + from, end - from);
  if (text.indexOf(':type') >= 0) s.open.flags[s.depth - 1] = OPAQUE;
}

function endTag(s: ScanState): Stop {
  const { bytes, fill, pos, depth, names } = s;
  if (depth === 0) return fail(s, 'an end tag without a start tag');
  const id = s.open.name[depth - 1] as number;
  if (id !== OTHER_NAME && pos + 2 + nameSize(names, id) < fill) {
    const end = pastName(names, id, bytes, pos + 2);
    if (end >= 0 && bytes[end] === GT) return leave(s, pos, end + 1);
  }
  return anyEndTag(s, id);
}

function anyEndTag(s: ScanState, id: number): Stop {
  const { bytes, fill, pos, names } = s;
  const length = id === OTHER_NAME ? nameLength(bytes, pos + 2, fill) : nameSize(names, id);
  let at = pos + 2 + length;
  if (at >= fill && !bytes.subarray(pos, fill).includes(GT)) return STOP.more;
  if (id !== OTHER_NAME && !isName(names, id, bytes, pos + 2, length)) return fail(s, 'an end tag of another element');
  while (at < fill && (bytes[at] as number) <= SPACE) at++;
  if (at >= fill) return STOP.more;
  if (bytes[at] !== GT) return fail(s, 'an end tag of another element');
  if (at > pos + 2 + length) passLines(s, pos, at);
  return leave(s, pos, at + 1);
}

function leave(s: ScanState, contentEnd: number, end: number): Stop {
  const depth = s.depth - 1;
  const { open } = s;
  const id = open.name[depth] as number;
  s.depth = depth;
  s.pos = end;
  if (s.wanted[id] === 1) {
    s.valueStart = open.content[depth] as number;
    s.valueEnd = contentEnd;
    s.valueMixed = ((open.flags[depth] as number) & MIXED) !== 0;
    s.sink.closed(id, depth);
  }
  if (depth === 0) {
    s.rootClosed = true;
    return STOP.none;
  }
  recordDrop(s, depth, id, contentEnd, end);
  const early = end < s.cutAt || (depth !== s.recordDepth && end < s.cutAnywhereAt);
  return early && s.nodes < MAX_NODES ? STOP.none : STOP.cut;
}

function declaration(s: ScanState): Stop {
  const { pos, fill } = s;
  const head = Buffer.from(s.bytes.buffer, s.bytes.byteOffset + pos, Math.min(9, fill - pos)).toString('latin1');
  if (head.startsWith('<!--')) return skipThrough(s, pos + 4, '-->');
  if (head === '<![CDATA[') return skipThrough(s, pos + 9, ']]>');
  if ('<!--'.startsWith(head) || '<![CDATA['.startsWith(head)) return STOP.more;
  const what = head.toUpperCase() === '<!DOCTYPE' ? 'a document type declaration (DOCTYPE)' : 'a declaration "<!"';
  return fail(s, `${what} is refused`, true);
}

/** Steps over a comment, a CDATA section or a processing instruction. */
function skipThrough(s: ScanState, from: number, terminator: string): Stop {
  const view = Buffer.from(s.bytes.buffer, s.bytes.byteOffset, s.fill);
  const found = view.indexOf(terminator, from, 'latin1');
  if (found < 0) return STOP.more;
  const end = found + terminator.length;
  if (++s.nodes > 2 * MAX_NODES) return fail(s, `more than ${MAX_NODES} comments without the end of an element`, true);
  s.decorated ||= s.depth > 0;
  markMixed(s);
  passLines(s, s.pos, end);
  s.pos = end;
  return STOP.none;
}

function markMixed(s: ScanState): void {
  if (s.depth > 0) s.open.flags[s.depth - 1] = (s.open.flags[s.depth - 1] as number) | MIXED;
}

function passLines(s: ScanState, from: number, to: number): void {
  for (let at = from; at < to; at++) {
    const byte = s.bytes[at] as number;
    if (byte === LF) {
      s.line++;
      s.lineBase = at + 1 + s.delta;
    } else if (byte >= 0x80 && byte < s.continuationEnd) s.lineBase++;
  }
}

function fail(s: ScanState, detail: string, hidden = false): Stop {
  s.fault = { detail, hidden };
  return STOP.fault;
}
