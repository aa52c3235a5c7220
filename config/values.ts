import { z } from 'zod';
import { parseCidr } from '../engine/core/cidr.ts';
import { fault } from '../engine/core/mistakes.ts';

const DURATIONS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SIZES = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

/** What a value is, so that it can be printed in its unit or be masked. */
export type Kind = 'duration' | 'size' | 'secret';

interface Range {
  readonly min: string;
  readonly max: string;
}

/** A length of time written with its unit ("90s", "15m"); the program gets milliseconds. */
export function duration(meaning: string, fallback: string, range: Range) {
  return quantity(meaning, 'duration', DURATIONS, range)
    .prefault(fallback)
    .describe(meaning)
    .meta({ kind: 'duration' });
}

/** A number of bytes written with its unit ("35MiB"); the program gets bytes. */
export function size(meaning: string, fallback: string, range: Range) {
  return quantity(meaning, 'size', SIZES, range).prefault(fallback).describe(meaning).meta({ kind: 'size' });
}

type Units = Readonly<Record<string, number>>;

function quantity(meaning: string, kind: Kind, units: Units, { min, max }: Range) {
  const names = Object.keys(units).join(', ');
  const allowed = `a whole number followed by one of ${names}, from ${min} to ${max}`;
  return z
    .string({ error: allowed })
    .transform((text, context): number => {
      const value = parseQuantity(text, units);
      if (value === undefined) return fault(context, `not a ${kind} with its unit`, allowed);
      const inside = value >= (parseQuantity(min, units) ?? 0) && value <= (parseQuantity(max, units) ?? Infinity);
      return inside ? value : fault(context, 'out of bounds', allowed);
    })
    .describe(meaning);
}

function parseQuantity(text: string, units: Units): number | undefined {
  const [, amount, unit] = /^(\d{1,15}) ?([A-Za-z]+)$/.exec(text) ?? [];
  const factor = unit === undefined || !Object.hasOwn(units, unit) ? undefined : units[unit];
  return factor === undefined ? undefined : Number(amount) * factor;
}

/** Writes a number of milliseconds or bytes in the largest unit that needs no fraction. */
export function inUnits(value: number, kind: 'duration' | 'size'): string {
  const units = Object.entries(kind === 'duration' ? DURATIONS : SIZES).reverse();
  const [unit, factor] = units.find(([, size]) => value !== 0 && value % size === 0) ?? units.at(-1) ?? ['', 1];
  return `${value / factor}${unit}`;
}

/** A whole number between two bounds, both included. */
export function count(meaning: string, fallback: number, min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error }).prefault(fallback).describe(meaning);
}

/** A TCP port; 0 lets the system choose a free one. */
export const port = (meaning: string, fallback: number) => count(meaning, fallback, 0, 65_535);

/** An address that a server listens on: the loopback interface unless another is named. */
export const host = (meaning: string) => text(meaning, '127.0.0.1');

/** Text of 1 to `max` characters on one line. */
export function text(meaning: string, fallback: string, max = 255) {
  const error = `one line of 1 to ${max} characters`;
  const line = /^[^\p{Cc}]+$/u;
  return z.string({ error }).max(max, { error }).regex(line, { error }).prefault(fallback).describe(meaning);
}

/** One of a few words. */
export function choice<const T extends readonly [string, ...string[]]>(meaning: string, words: T, fallback: T[number]) {
  return z
    .enum(words)
    .prefault(fallback as never)
    .describe(meaning);
}

/** true or false. */
export function flag(meaning: string, fallback: boolean) {
  return z.boolean({ error: 'true, false' }).prefault(fallback).describe(meaning);
}

const RANGE = 'a range of addresses, such as 10.20.0.0/16 or "2001:db8:20::/48"';

/** One range of addresses. */
export const range = () =>
  z
    .string({ error: RANGE })
    .refine((text) => parseCidr(text) !== undefined, { error: 'no range of addresses', params: { allowed: RANGE } });

/** A list of ranges of addresses, empty unless some are given. */
export const addresses = (meaning: string) => z.array(range()).max(10_000).prefault([]).describe(meaning);

/** A list of at least one name of a given form; it has no default. */
export function names(meaning: string, pattern: RegExp, allowed: string) {
  const error = `a list of at least one: ${allowed}`;
  return z
    .array(z.string({ error: allowed }).regex(pattern, { error: allowed }), { error })
    .min(1, { error })
    .describe(meaning);
}

/** A list of words out of a few. */
export function choices<const T extends readonly [string, ...string[]]>(
  meaning: string,
  words: T,
  fallback: readonly T[number][],
) {
  return z
    .array(z.enum(words))
    .prefault([...fallback] as never)
    .describe(meaning);
}
