import type { Column, ListDefinition } from '../definition.ts';
import { type LineBytes, valueIn } from './line-reader.ts';
import type { Line, Totals } from './rendering.ts';
import { numberIn } from './values.ts';

/** A line that stays. */
export function lineOf({ columns }: ListDefinition, line: LineBytes): Line {
  return { values: columns.map((_column, at) => valueIn(line, at)), correctionOf: valueIn(line, columns.length) };
}

/** Adds up what the totals say. */
export function createSum({ columns }: ListDefinition) {
  const summed = columns.flatMap(({ total, field, sign }, at) =>
    total ? [{ field, at, signAt: signOf(sign, columns), sum: 0 }] : [],
  );
  let [lines, corrections] = [0, 0];
  return {
    add(line: LineBytes): void {
      lines += 1;
      if ((line.to[columns.length] as number) > (line.from[columns.length] as number)) corrections += 1;
      for (const one of summed) one.sum += numberAt(line, one.at, one.signAt);
    },
    totals: (): Totals => ({
      lines,
      corrections,
      sums: Object.fromEntries(summed.map(({ field, sum }) => [field, sum])),
    }),
  };
}

const signOf = (sign: string | undefined, columns: readonly Column[]) =>
  columns.findIndex(({ field }) => field === sign);

const MOST_DIGITS = 15;
const PLUS = 0x2b;

/** A value of digits alone, which most numbers are, without a text in between; -1 when it is anything else. */
export function centsAt({ sources, from, to }: LineBytes, at: number): number {
  const [first, end] = [from[at] as number, to[at] as number];
  const source = sources[at] as Uint8Array;
  if (end === first || end - first > MOST_DIGITS) return -1;
  let number = 0;
  for (let place = first; place < end; place += 1) {
    const digit = (source[place] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

function numberAt(line: LineBytes, at: number, signAt: number): number {
  const number = centsAt(line, at);
  if (number >= 0 && (signAt < 0 || isPlus(line, signAt))) return number;
  return numberIn(valueIn(line, at), signAt < 0 ? undefined : valueIn(line, signAt));
}

/** Whether a value is a plus and no more. */
export const isPlus = ({ sources, from, to }: LineBytes, at: number): boolean =>
  (to[at] as number) - (from[at] as number) === 1 && sources[at]?.[from[at] as number] === PLUS;
