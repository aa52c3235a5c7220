import { type Encoding, isUnfinished, rightBytes } from './encoding.ts';
import type { Finding } from './inspection.ts';
import type { Parcel, ScanPort, ScanResult } from './scan-job.ts';
import { MAX_NODES } from './scan-limits.ts';
import { columnAt, cutSlack, type ScanState, setCut } from './scan-state.ts';
import type { SchemaOutline } from './schema-outline.ts';
import type { Source } from './source.ts';
import { type Context, contextSize, cut, firstContext } from './window.ts';

/** A unit that cannot be split is given up at this size; the parser takes no text over 10 million bytes either. */
const LARGEST_WINDOW = 8 * 1024 * 1024;
const HEAD = 1024;

type Fatal = ScanResult['fatal'];

/** Keeps the window of a scan filled, cuts it and sends the pieces off. */
export interface Windows {
  /** The first bytes of the file, at least 1024 if it has so many. */
  head(): Promise<Uint8Array>;
  /** Checks what was read so far in the encoding. */
  begin(encoding: Encoding): Fatal;
  /** Reads more; a fault is in bytes that are wrong in the encoding (138), or in a unit that is too large (102). */
  fill(): Promise<Fatal>;
  ended(): boolean;
  useSchema(path: string, outline: SchemaOutline): void;
  /** From now on windows are parsed but not held against the schema. */
  syntaxOnly(): void;
  /** Cuts at the scan's position, unless the context would be too large. */
  cut(): Promise<void>;
  /** Sends the last piece; `fail` when the scanner has met what cannot be XML. */
  finish(): Promise<Fatal>;
  fail(): Promise<Fatal>;
  /** Bytes read so far. */
  size(): number;
  /** 163 when a unit was too large to be held against the schema. */
  readonly findings: readonly Finding[];
}

export interface WindowsOptions {
  readonly state: ScanState;
  readonly port: ScanPort;
  readonly source: Source;
  readonly windowBytes: number;
  readonly onSyntaxOnly: () => void;
}

interface Work extends WindowsOptions {
  readonly findings: Finding[];
  context: Context;
  encoding: Encoding;
  schemaPath: string | undefined;
  splittable: boolean;
  syntaxOnly: boolean;
  ended: boolean;
  /** Up to here the window's encoding was checked. */
  checked: number;
  spare: ArrayBuffer | undefined;
}

/** The windows of one scan. */
export function createWindows(options: WindowsOptions): Windows {
  const work: Work = {
    ...options,
    ...{ findings: [], context: firstContext(0), encoding: 'utf-8', schemaPath: undefined, splittable: true },
    ...{ syntaxOnly: false, ended: false, checked: 0, spare: undefined },
  };
  const { state } = work;
  setCut(state, work.windowBytes);
  state.bytes = new Uint8Array(capacity(work.windowBytes));
  return {
    findings: work.findings,
    head: () => readHead(work),
    begin(encoding) {
      work.encoding = encoding;
      return checkEncoding(work);
    },
    async fill() {
      return (await readMore(work)) ?? checkEncoding(work);
    },
    ended: () => work.ended,
    useSchema(path, { splittable }) {
      work.schemaPath = path;
      work.splittable = splittable;
    },
    syntaxOnly: () => stopSchema(work),
    cut: () => cutWindow(work),
    finish: () => finish(work),
    fail: () => fail(work),
    size: () => state.fill + state.delta,
  };
}

function capacity(cutAt: number): number {
  return cutAt + cutSlack(cutAt);
}

async function readHead(work: Work): Promise<Uint8Array> {
  while (!work.ended && work.state.fill < HEAD) await readSome(work);
  return work.state.bytes.subarray(0, Math.min(HEAD, work.state.fill));
}

async function readMore(work: Work): Promise<Fatal> {
  const { state } = work;
  if (state.fill === state.bytes.length) {
    if (state.bytes.length >= LARGEST_WINDOW) {
      return fatalAt(state, state.pos, '102', `More than ${LARGEST_WINDOW} bytes without the end of an element`);
    }
    resize(work, Math.min(2 * state.bytes.length, LARGEST_WINDOW));
  }
  await readSome(work);
  return undefined;
}

async function readSome(work: Work): Promise<void> {
  const { state, source } = work;
  if (state.fill === state.bytes.length) resize(work, 2 * state.bytes.length);
  const count = await source.read(state.bytes, state.fill);
  state.fill += count;
  work.ended = count === 0;
}

function resize({ state }: Work, size: number): void {
  const larger = new Uint8Array(size);
  larger.set(state.bytes.subarray(0, state.fill));
  state.bytes = larger;
}

/** NUL is in no XML, and a parser might take it for the end. */
function checkEncoding(work: Work): Fatal {
  const { state, encoding, ended } = work;
  const fresh = state.bytes.subarray(work.checked, state.fill);
  const right = rightBytes(fresh, encoding);
  const nul = fresh.subarray(0, right).indexOf(0);
  if (nul >= 0) return fatalAt(state, work.checked + nul, '102', 'A NUL byte is not allowed in XML');
  const rest = fresh.subarray(right);
  if (rest.length > 0 && (ended || !isUnfinished(rest, encoding))) {
    return fatalAt(state, work.checked + right, '138', `A byte that is not allowed in ${encoding}`);
  }
  work.checked += right;
  return undefined;
}

/** The scan may not have come there yet: the lines up to there are counted. */
function fatalAt(state: ScanState, at: number, code: string, detail: string): Fatal {
  let { line, lineBase } = state;
  for (let byte = state.pos; byte < at; byte++) {
    if (state.bytes[byte] === 10) [line, lineBase] = [line + 1, byte + 1 + state.delta];
  }
  return { code, detail, line, column: Math.max(1, at + state.delta - lineBase + 1), at: at + state.delta };
}

function stopSchema(work: Work): void {
  work.syntaxOnly = true;
  work.onSyntaxOnly();
}

async function cutWindow(work: Work): Promise<void> {
  const { state, windowBytes } = work;
  if (!work.syntaxOnly && work.port.syntaxOnly()) stopSchema(work);
  const keep = work.syntaxOnly || work.schemaPath === undefined ? 'tags' : 'content';
  const size = keep === 'tags' || work.splittable ? contextSize(state, keep) : Number.POSITIVE_INFINITY;
  if (size * 2 <= state.pos) return ship(work, keep, size);
  if (state.pos * 2 < LARGEST_WINDOW && state.nodes < MAX_NODES) {
    setCut(state, state.pos + Math.max(windowBytes >> 2, state.pos >> 2));
    return;
  }
  await giveUpSchema(work);
}

/** One unit is too large to be held against the schema: what is left of the file is parsed only. */
async function giveUpSchema(work: Work): Promise<void> {
  const { open } = work.state;
  const [line, column] = [open.line[1] as number, open.column[1] as number];
  const detail = 'A unit of this form is too large to be checked';
  if (!work.syntaxOnly) work.findings.push({ code: '163', element: 'Form', line, column, detail });
  await ship(work, 'tags', contextSize(work.state, 'tags'));
  stopSchema(work);
}

async function ship(work: Work, keep: 'content' | 'tags', size: number): Promise<void> {
  const { state, windowBytes } = work;
  const cutAt = Math.max(windowBytes, size + (windowBytes >> 1));
  const next = takeBuffer(work, Math.max(capacity(cutAt), size + state.fill - state.pos));
  const before = state.pos;
  const { bytes, length, unclosed, context } = cut(state, keep, next);
  const parcel = parcelOf(work, bytes, length, unclosed);
  work.checked -= before - state.pos;
  work.context = context;
  setCut(state, cutAt);
  work.spare = await work.port.send(parcel);
}

function takeBuffer(work: Work, size: number): Uint8Array {
  const { spare } = work;
  work.spare = undefined;
  return spare && spare.byteLength >= size && spare.byteLength <= 2 * size
    ? new Uint8Array(spare)
    : new Uint8Array(size);
}

function parcelOf(
  work: Work,
  bytes: Uint8Array,
  length: number,
  unclosed: readonly number[],
  broken?: Finding,
): Parcel {
  const { context, encoding } = work;
  const schemaPath = work.syntaxOnly || broken ? undefined : work.schemaPath;
  const plain = !work.state.decorated && context.ancestors.length > 0;
  // every window's bytes start at the beginning of a buffer of their own
  return { ...context, buffer: bytes.buffer as ArrayBuffer, length, unclosed, encoding, plain, schemaPath, broken };
}

async function finish(work: Work): Promise<Fatal> {
  const { state } = work;
  const whole = state.rootClosed && state.pos === state.fill;
  const fatal = whole ? undefined : fatalAt(state, state.pos, '102', 'The file ends before its root element does');
  await work.port.send(parcelOf(work, state.bytes, state.fill, [], fatal));
  return undefined;
}

async function fail(work: Work): Promise<Fatal> {
  const { state } = work;
  const { detail = '', hidden = true } = state.fault ?? {};
  const { line } = state;
  const column = columnAt(state, state.pos);
  if (hidden) return { code: '102', detail: sentence(detail), line, column, at: state.pos + state.delta };
  const broken = { code: '102', detail: sentence(detail), line, column };
  await work.port.send(parcelOf(work, state.bytes, state.fill, [], broken));
  return undefined;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
