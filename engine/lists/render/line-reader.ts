import type { TakenRecords } from '../../records/taken.ts';
import { type ListDefinition, ruleOf } from '../definition.ts';
import { periodOf } from '../period.ts';
import { endOfObject, type RecordShape, shapeOf } from './record-shape.ts';

/**
 * One line as bytes of UTF-8: a value for each column of the definition, and behind them the period that it corrects, ''
 * for a line of the list's own period. It is valid until the next is read.
 */
export interface LineBytes {
  /** In what the value of each column is, and from where to where. */
  readonly sources: readonly Uint8Array[];
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** The characters of a value that is words of letters and digits, one blank between them; -1 of any other. */
  readonly words: Int32Array;
  /** The columns whose values are not those of the line before: the first `changes` of these. Before the first line all are ''. */
  readonly changed: Int32Array;
  readonly changes: number;
}

/** The value of a column. */
export function valueIn({ sources, from, to }: LineBytes, column: number): string {
  const source = sources[column] as Buffer | undefined;
  return source ? source.toString('utf8', from[column], to[column]) : '';
}

/** Reads records as the lines of a list. */
export interface LineReader {
  /** Gives each line as it is read. */
  read(records: TakenRecords, each: (line: LineBytes) => void): void;
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] };

/** Where the values of one line are. */
interface Places {
  readonly sources: Uint8Array[];
  readonly from: Int32Array;
  readonly to: Int32Array;
}

const NOTHING = new Uint8Array(0);
const MOST_SHAPES = 8;
const MOST_KEYS = 256;

/** Reads the records of an authority for a list: those that are written alike, as most are, without parsing them. */
export function createLineReader(definition: ListDefinition, authority: string): LineReader {
  const names = definition.columns.map(({ field }) => field);
  const finder = createFinder(names);
  const own = ownValues(definition, authority);
  const compared = createComparison(names.length + 1);

  function read(records: TakenRecords, each: (line: LineBytes) => void): void {
    const bytes = Buffer.from(records.fields);
    own.begin(records);
    let at = 1; // behind the bracket
    for (let record = 0; bytes[at] === 0x7b; record += 1) {
      const places = compared.next();
      at = finder.find(bytes, at, places) + 1; // and the comma
      own.add(record, places);
      each(compared.line());
    }
  }

  return { read };
}

/** Finds the values of columns in records. A value that a record does not have has no source. */
function createFinder(names: readonly string[]) {
  const [from, to] = [new Int32Array(MOST_KEYS), new Int32Array(MOST_KEYS)];
  let known: Known[] = [];

  function find(bytes: Buffer, at: number, places: Places): number {
    for (const shape of known) {
      const end = shape.find(bytes, at, from, to);
      if (end < 0) continue;
      take(shape.places, bytes, places);
      if (shape !== known[0]) known = [shape, ...known.filter((other) => other !== shape)];
      return end;
    }
    const end = endOfObject(bytes, at);
    const object = bytes.subarray(at, end);
    learn(object);
    parse(object, places);
    return end;
  }

  function take(keyOf: Int32Array, bytes: Buffer, places: Places): void {
    for (let column = 0; column < keyOf.length; column += 1) {
      const key = keyOf[column] as number;
      const source = key < 0 ? NOTHING : bytes;
      if (places.sources[column] !== source) places.sources[column] = source;
      places.from[column] = key < 0 ? 0 : (from[key] as number);
      places.to[column] = key < 0 ? 0 : (to[key] as number);
    }
  }

  function learn(object: Buffer): void {
    const shape = known.length < MOST_SHAPES ? shapeOf(object) : undefined;
    if (!shape || shape.keys.length > MOST_KEYS) return;
    known = [{ ...shape, places: Int32Array.from(names, (name) => shape.keys.indexOf(name)) }, ...known];
  }

  function parse(object: Buffer, places: Places): void {
    const fields: Readonly<Record<string, string | null>> = JSON.parse(object.toString('utf8'));
    for (const [column, name] of names.entries()) {
      const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
      put(places, column, value === undefined || value === null ? NOTHING : Buffer.from(String(value)));
    }
  }

  return { find };
}

interface Known extends RecordShape {
  /** The key that each column shows; -1 when the record does not have it. */
  readonly places: Int32Array;
}

function put(places: Places, column: number, source: Uint8Array): void {
  places.sources[column] = source;
  places.from[column] = 0;
  places.to[column] = source.length;
}

/** What a record is besides its fields, for columns that are called so, and the period that it corrects. */
function ownValues(definition: ListDefinition, authority: string) {
  const { columns } = definition;
  const rule = ruleOf(definition);
  const asked = columns.flatMap(({ field }, column) => (isOwn(field) ? [{ field, column }] : []));
  const number = Buffer.from(authority);
  let [days, kinds, late]: [string[], string[], boolean] = [[], [], false];
  let bytesOf = remembering();
  const ownOf = {
    authority: () => number,
    day: (at: number) => bytesOf(days[at]),
    kind: (at: number) => bytesOf(kinds[at]),
  };
  return {
    begin(records: TakenRecords): void {
      const wants = (name: string) => asked.some(({ field }) => field === name);
      late = records.late;
      days = late || wants('day') ? JSON.parse(records.days) : [];
      kinds = wants('kind') ? JSON.parse(records.kinds) : [];
      bytesOf = remembering();
    },
    add(record: number, places: Places): void {
      for (const { field, column } of asked) {
        if (places.sources[column] === NOTHING) put(places, column, ownOf[field](record));
      }
      put(places, columns.length, late ? bytesOf(periodOf(rule, days[record] ?? '').name) : NOTHING);
    },
  };
}

const isOwn = (field: string): field is 'authority' | 'day' | 'kind' => ['authority', 'day', 'kind'].includes(field);

/** The bytes of texts that come again and again. */
function remembering(): (text?: string) => Uint8Array {
  const known = new Map<string, Uint8Array>();
  return (text = '') => {
    const bytes = known.get(text) ?? Buffer.from(text);
    known.set(text, bytes);
    return bytes;
  };
}

/** Compares each line with the one before it. */
function createComparison(columns: number) {
  const emptied = (): Places => ({
    sources: Array.from({ length: columns }, () => NOTHING),
    from: new Int32Array(columns),
    to: new Int32Array(columns),
  });
  let [now, before] = [emptied(), emptied()];
  const words = new Int32Array(columns).fill(-1);
  const changed = new Int32Array(columns);
  const line: Mutable<LineBytes> = { ...now, words, changed, changes: 0 };

  return {
    /** Where the places of the next line go. */
    next(): Places {
      [now, before] = [before, now];
      return now;
    },
    line(): LineBytes {
      let changes = 0;
      for (let column = 0; column < columns; column += 1) {
        if (isSame(now, before, column)) continue;
        words[column] = wordsIn(
          now.sources[column] as Uint8Array,
          now.from[column] as number,
          now.to[column] as number,
        );
        changed[changes] = column;
        changes += 1;
      }
      line.sources = now.sources;
      line.from = now.from;
      line.to = now.to;
      line.changes = changes;
      return line;
    },
  };
}

function isSame(one: Places, other: Places, column: number): boolean {
  const [at, from] = [one.from[column] as number, other.from[column] as number];
  const length = (one.to[column] as number) - at;
  if (length !== (other.to[column] as number) - from) return false;
  const [left, right] = [one.sources[column] as Uint8Array, other.sources[column] as Uint8Array];
  for (let index = 0; index < length; index += 1) if (left[at + index] !== right[from + index]) return false;
  return true;
}

/** The characters of words: 0-9, A-Z, a-z and U+00C0 to U+024F, one blank between two of them; -1 of anything else, and of nothing. */
export function wordsIn(bytes: Uint8Array, from: number, to: number): number {
  let [characters, blank] = [0, true];
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] as number;
    if (byte === 0x20) {
      if (blank) return -1;
      blank = true;
    } else {
      if (byte >= 0x80 ? !isLetter(byte, bytes[++at]) : !isPlain(byte)) return -1;
      blank = false;
    }
    characters += 1;
  }
  return blank ? -1 : characters;
}

const isPlain = (byte: number) =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a);

/** Two bytes of UTF-8 that are U+00C0 to U+024F. */
const isLetter = (first: number, second = 0) =>
  second >= 0x80 && ((first >= 0xc3 && first < 0xc9) || (first === 0xc9 && second < 0x90));
