import type { Field } from '../goals/check.ts';
import { decode, type Encoding } from './encoding.ts';
import type { ScanState } from './scan-state.ts';

/** A longer text is cut: no fact of a form has more characters, and all forms of a file are kept. */
const LONGEST_TEXT = 1000;
const DIGITS = 15;

/** The element that the scanner is at, as the checks see it; one object for all elements of a file. */
export interface ScannedField extends Field {
  attach(scan: ScanState, encoding: Encoding): void;
  /** Moves it to an element that has just been opened or closed. */
  select(id: number, depth: number): void;
  /** File offsets of the element's first byte and, once it is closed, of the byte after its last. */
  readonly file: number;
  end(): number;
  /** Its place: names from below the root, with the numbers of form and person. */
  path(form: number, person: number): string;
}

/** A field that must be attached to a scan before it is used. */
export function createField(): ScannedField {
  let scan: ScanState;
  let encoding: Encoding;
  const names = (d: number): string => scan.names.texts[scan.open.name[d] as number] ?? '';
  const field = {
    name: '',
    depth: 0,
    get parent() {
      return field.depth > 0 ? names(field.depth - 1) : '';
    },
    get line() {
      return scan.open.line[field.depth] as number;
    },
    get column() {
      return scan.open.column[field.depth] as number;
    },
    get file() {
      return scan.open.file[field.depth] as number;
    },
    end: () => scan.pos + scan.delta,
    attach(given: ScanState, of: Encoding): void {
      scan = given;
      encoding = of;
    },
    select(id: number, depth: number): void {
      field.name = scan.names.texts[id] ?? '';
      field.depth = depth;
    },
    text: () => kept(textOf(scan, encoding), scan.valueEnd - scan.valueStart),
    number: () => numberOf(scan),
    path(form: number, person: number): string {
      const steps = Array.from({ length: field.depth }, (_, d) => names(d + 1));
      return steps.map((name) => step(name, form, person)).join('/');
    },
  };
  return field;
}

function step(name: string, form: number, person: number): string {
  if (name === 'Form') return `Form[${form}]`;
  return name === 'NaturalPerson' ? `NaturalPerson[${person}]` : name;
}

/** What is kept must not hold on to the long text that it was cut from. */
function kept(text: string, bytes: number): string {
  return bytes > LONGEST_TEXT ? Buffer.from(text.slice(0, LONGEST_TEXT)).toString() : text;
}

function textOf({ bytes, valueStart, valueEnd, valueMixed }: ScanState, encoding: Encoding): string {
  const text = decode(bytes.subarray(valueStart, valueEnd), encoding);
  return valueMixed ? plainText(text).trim() : text.trim();
}

/** Resolves what may stand in the text of an element without children; with children the text is empty. */
function plainText(xml: string): string {
  const parts = xml.split(/(<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[[\s\S]*?\]\]>)/);
  const texts = parts.map((part, index) => {
    if (index % 2 === 0) return part.includes('<') ? undefined : resolveReferences(part);
    return part.startsWith('<![CDATA[') ? part.slice(9, -3) : '';
  });
  return texts.includes(undefined) ? '' : texts.join('');
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Replaces character references and the five entities of XML; anything else stays as it is. */
export function resolveReferences(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(lt|gt|amp|quot|apos));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function numberOf(scan: ScanState): number {
  if (scan.valueMixed) return digitsOf(textOf(scan, 'utf-8'));
  const { bytes, valueStart, valueEnd } = scan;
  if (valueEnd - valueStart > DIGITS || valueEnd === valueStart) return digitsOf(textOf(scan, 'utf-8'));
  let value = 0;
  for (let at = valueStart; at < valueEnd; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return digitsOf(textOf(scan, 'utf-8'));
    value = value * 10 + digit;
  }
  return value;
}

function digitsOf(text: string): number {
  const digits = /^\+?0*(\d+)$/.exec(text)?.[1];
  return digits !== undefined && digits.length <= DIGITS ? Number(digits) : Number.NaN;
}
