import { isAscii } from 'node:buffer';
import type { SchemaNode } from './schema-outline.ts';

/** True when the bytes from `start` to `end`, which are UTF-8, are certainly a value of the type; false when they may be one or not. */
export type ValueRule = (bytes: Uint8Array, start: number, end: number) => boolean;

/** Facets by name; `enumeration` and `pattern` may be there more than once. */
type Facets = ReadonlyMap<string, readonly string[]>;

const DIGITS = 15;
const SPACE = 32;
const AMP = 38;
const LT = 60;
const GT = 62;
const DELETE = 127;
const CONTINUATION = 0x80;
const LEAD = 0xc0;
/** Begins U+F000 to U+FFFF, of which two are not allowed in XML. */
const LAST_PLANE = 0xef;
const BASES: Readonly<Record<string, (facets: Facets) => ValueRule | undefined>> = {
  integer: integerRule,
  string: stringRule,
  date: dateRule,
  time: timeRule,
  gYearMonth: monthRule,
};

/** The rule of a simple type that restricts a built-in one; `undefined` when it holds anything that is not known here. */
export function valueRule(simpleType: SchemaNode, prefix: string): ValueRule | undefined {
  const [restriction, ...more] = simpleType.children.filter(({ tag }) => tag !== 'annotation');
  if (Object.keys(simpleType.attributes).some((name) => name !== 'name')) return undefined;
  if (!restriction || more.length > 0 || restriction.tag !== 'restriction') return undefined;
  const { base = '', ...attributes } = restriction.attributes;
  const facets = facetsOf(restriction);
  if (!facets || Object.keys(attributes).length > 0 || !base.startsWith(prefix)) return undefined;
  return BASES[base.slice(prefix.length)]?.(facets);
}

function facetsOf({ children }: SchemaNode): Facets | undefined {
  const facets = new Map<string, string[]>();
  for (const { tag, attributes, children: inside } of children) {
    if (tag === 'annotation') continue;
    const { value, ...others } = attributes;
    // a reference in the value would have to be resolved
    if (value === undefined || value.includes('&') || Object.keys(others).length > 0 || inside.length > 0)
      return undefined;
    facets.set(tag, [...(facets.get(tag) ?? []), value]);
  }
  return facets;
}

function onlyHas(facets: Facets, known: readonly string[]): boolean {
  return [...facets].every(([name, values]) => known.includes(name) && (name === 'enumeration' || values.length === 1));
}

function numberFacet(facets: Facets, name: string, otherwise: number): number {
  const value = facets.get(name)?.[0];
  if (value === undefined) return otherwise;
  return new RegExp(`^\\d{1,${DIGITS}}$`).test(value) ? Number(value) : Number.NaN;
}

/** Plain digits, at most as many as the type has, zeros included. */
function integerRule(facets: Facets): ValueRule | undefined {
  if (!onlyHas(facets, ['totalDigits', 'minInclusive', 'maxInclusive', 'enumeration', 'pattern'])) return undefined;
  const most = Math.min(DIGITS, numberFacet(facets, 'totalDigits', DIGITS));
  const least = numberFacet(facets, 'minInclusive', 0);
  const greatest = numberFacet(facets, 'maxInclusive', 10 ** DIGITS);
  const pattern = patternRule(facets);
  if (Number.isNaN(most + least + greatest) || !pattern) return undefined;
  const given = facets.get('enumeration')?.filter((value) => /^\d{1,15}$/.test(value));
  const allowed = given && new Set(given.map(Number));
  return (bytes, start, end) => {
    if (end === start || end - start > most) return false;
    let value = 0;
    for (let at = start; at < end; at++) {
      const digit = (bytes[at] as number) - 48;
      if (digit < 0 || digit > 9) return false;
      value = value * 10 + digit;
    }
    return value >= least && value <= greatest && (!allowed || allowed.has(value)) && pattern(bytes, start, end);
  };
}

/** Characters that need no thought: none of markup, no control, none from U+F000 to U+FFFF; no space at either end. */
function stringRule(facets: Facets): ValueRule | undefined {
  if (!onlyHas(facets, ['length', 'minLength', 'maxLength', 'enumeration', 'pattern'])) return undefined;
  const exact = numberFacet(facets, 'length', -1);
  const least = Math.max(1, exact, numberFacet(facets, 'minLength', 0));
  const most = Math.min(exact < 0 ? Number.POSITIVE_INFINITY : exact, numberFacet(facets, 'maxLength', 10 ** DIGITS));
  const pattern = patternRule(facets);
  if (Number.isNaN(least + most) || !pattern) return undefined;
  const allowed = facets
    .get('enumeration')
    ?.filter(isAsciiText)
    .map((value) => Buffer.from(value));
  return (bytes, start, end) => {
    if (bytes[start] === SPACE || bytes[end - 1] === SPACE) return false;
    const length = plainLength(bytes, start, end);
    if (length < least || length > most) return false;
    return (!allowed || allowed.some((value) => isSame(value, bytes, start, end))) && pattern(bytes, start, end);
  };
}

/** Characters of a text in UTF-8; -1 when there is one that may mean something else. */
function plainLength(bytes: Uint8Array, start: number, end: number): number {
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte < SPACE || byte === AMP || byte === LT || byte === GT || byte === DELETE || byte === LAST_PLANE) return -1;
    if (byte < CONTINUATION || byte >= LEAD) length++;
  }
  return length;
}

/** Other text may have been read in another encoding than the schema's. */
function isAsciiText(value: string): boolean {
  return isAscii(Buffer.from(value));
}

function isSame(value: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (value.length !== end - start) return false;
  for (let at = 0; at < value.length; at++) if (value[at] !== bytes[start + at]) return false;
  return true;
}

/** YYYY-MM-DD from the year 1000. */
function dateRule(facets: Facets): ValueRule | undefined {
  if (!onlyHas(facets, ['minInclusive', 'maxInclusive', 'pattern'])) return undefined;
  const pattern = patternRule(facets);
  const [least, greatest] = [dateFacet(facets, 'minInclusive', 0), dateFacet(facets, 'maxInclusive', 99999999)];
  if (!pattern || Number.isNaN(least + greatest)) return undefined;
  return (bytes, start, end) => {
    if (end - start !== 10 || bytes[start + 4] !== 45 || bytes[start + 7] !== 45) return false;
    const [year, month, day] = [number(bytes, start, 4), number(bytes, start + 5, 2), number(bytes, start + 8, 2)];
    if (!(year >= 1000 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return false;
    const date = year * 10000 + month * 100 + day;
    return date >= least && date <= greatest && pattern(bytes, start, end);
  };
}

function dateFacet(facets: Facets, name: string, otherwise: number): number {
  const value = facets.get(name)?.[0];
  if (value === undefined) return otherwise;
  return /^\d{4}-\d{2}-\d{2}$/.test(value) ? Number(value.replaceAll('-', '')) : Number.NaN;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** YYYY-MM from the year 1000. */
function monthRule(facets: Facets): ValueRule | undefined {
  const pattern = patternRule(facets);
  if (!pattern || !onlyHas(facets, ['pattern'])) return undefined;
  return (bytes, start, end) => {
    if (end - start !== 7 || bytes[start + 4] !== 45) return false;
    const [year, month] = [number(bytes, start, 4), number(bytes, start + 5, 2)];
    return year >= 1000 && month >= 1 && month <= 12 && pattern(bytes, start, end);
  };
}

/** hh:mm:ss.mmm. */
function timeRule(facets: Facets): ValueRule | undefined {
  const pattern = patternRule(facets);
  if (!pattern || !onlyHas(facets, ['pattern'])) return undefined;
  return (bytes, start, end) => {
    if (end - start !== 12 || bytes[start + 2] !== 58 || bytes[start + 5] !== 58 || bytes[start + 8] !== 46)
      return false;
    const right = number(bytes, start, 2) < 24 && number(bytes, start + 3, 2) < 60 && number(bytes, start + 6, 2) < 60;
    return right && number(bytes, start + 9, 3) >= 0 && pattern(bytes, start, end);
  };
}

/** The number of so many digits; NaN when one is none. */
function number(bytes: Uint8Array, start: number, length: number): number {
  let value = 0;
  for (let at = start; at < start + length; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

const PIECE = /\\d(?:\{(\d{1,2})\})?|\\?\.|\[0\]|\((\d(?:\|\d)*)\)|[0-9:,-]/y;

/** Of one place in a value: 1 for each byte it may have. */
type Place = Uint8Array;

/** A pattern whose branches have each a fixed number of places, with the bytes that each place may have. */
function patternRule(facets: Facets): ValueRule | undefined {
  const pattern = facets.get('pattern')?.[0];
  if (pattern === undefined) return () => true;
  // the bars inside parentheses belong to one place
  const branches = pattern.split(/\|(?![^(]*\))/).map(placesOf);
  if (!branches.every((branch) => branch !== undefined)) return undefined;
  return (bytes, start, end) => branches.some((places) => places.length === end - start && fits(places, bytes, start));
}

function placesOf(branch: string): Place[] | undefined {
  const places: Place[] = [];
  PIECE.lastIndex = 0;
  for (let at = 0; at < branch.length; at = PIECE.lastIndex) {
    const found = PIECE.exec(branch);
    if (!found) return undefined;
    const [piece, times = '1', choice] = found;
    const literal = piece === '[0]' ? '0' : piece.at(-1);
    const place = placeOf(piece.startsWith('\\d') ? '0123456789' : (choice ?? literal ?? ''));
    for (let time = 0; time < Number(times); time++) places.push(place);
  }
  return places;
}

function placeOf(characters: string): Place {
  const place = new Uint8Array(256);
  for (const character of characters.replaceAll('|', '')) place[character.charCodeAt(0)] = 1;
  return place;
}

function fits(places: readonly Place[], bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < places.length; at++) if (places[at]?.[bytes[start + at] as number] !== 1) return false;
  return true;
}
