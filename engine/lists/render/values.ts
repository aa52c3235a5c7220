import { withoutZone } from '../../core/calendar.ts';
import type { Language } from '../../registry/organisations.ts';
import type { Column } from '../definition.ts';
import type { Head, Line, PlacedColumn } from './rendering.ts';

const CONTROLS = /[\p{Cc}\u2028\u2029]+/gu;
const CONTROL = /[^ -~\u00a0-\u2027\u202a-\uffff]/; // the same characters: without \p it is found sooner

/** A text on one line: control characters become a space, so that no terminal, program or format obeys them. */
export function plainText(text: string): string {
  return CONTROL.test(text) ? text.replace(CONTROLS, ' ').trim() : text;
}

/** A value as people read it: amounts with a decimal comma, dates and months with dashes, codes with their meaning. */
export function shownValue(column: PlacedColumn, line: Line, language: Language): string {
  return shownAs(column, valueAt(line, column.at), valueAt(line, column.signAt), language);
}

/** A value and its sign ('' when it has none) as people read it. */
export function shownAs(column: Column, value: string, sign: string, language: Language): string {
  switch (column.type) {
    case 'amount':
      return value === '' ? '' : euros(numberIn(value, sign));
    case 'date':
      return dashed(value);
    case 'month':
      return dashed(value);
    case 'code':
      return Object.hasOwn(column.codes, value) ? `${value} ${column.codes[value]?.[language]}` : plainText(value);
    case 'number':
    case 'text':
      return plainText(value);
  }
}

/** A code as people read it: with its meaning, or the meaning alone where the code itself is a word. */
export function meaningOf({ codes }: Pick<Column, 'codes'>, value: string, language: Language): string {
  const meaning = Object.hasOwn(codes, value) ? codes[value]?.[language] : undefined;
  if (meaning === undefined) return plainText(value);
  return /^\p{L}[\p{L}-]+$/u.test(value) ? meaning : `${value} ${meaning}`;
}

/** Euro cents as euros: -1460 is -14,60. */
export function euros(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, '0');
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)},${digits.slice(-2)}`;
}

/** Days and months with dashes, however they came: 20260314 and 2026-03-14Z are 2026-03-14, 202603 is 2026-03. */
export function dashed(value: string): string {
  const text = withoutZone(plainText(value));
  if (/^\d{8}$/.test(text)) return `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
  return /^\d{6}$/.test(text) ? `${text.slice(0, 4)}-${text.slice(4)}` : text;
}

/** A value with its sign, as a number in its unit; 0 when it holds none. */
export function numberIn(value: string, sign = '+'): number {
  if (!/^[+-]?\d{1,15}$/.test(value)) return 0;
  return sign === '-' ? -Number(value) : Number(value);
}

/** What is put around the columns, in the languages of the mailboxes. */
export const WORDS = {
  correctionOf: { nl: 'Correctie van', fr: 'Correction de', de: 'Korrektur von', en: 'Correction of' },
  authority: { nl: 'Bestuur', fr: 'Administration', de: 'Behörde', en: 'Authority' },
  period: { nl: 'Periode', fr: 'Période', de: 'Zeitraum', en: 'Period' },
  lines: { nl: 'Lijnen', fr: 'Lignes', de: 'Zeilen', en: 'Lines' },
  corrections: {
    nl: 'waarvan correcties',
    fr: 'dont corrections',
    de: 'davon Korrekturen',
    en: 'of which corrections',
  },
  total: { nl: 'Totaal', fr: 'Total', de: 'Summe', en: 'Total' },
  page: { nl: 'Pagina', fr: 'Page', de: 'Seite', en: 'Page' },
  of: { nl: 'van', fr: 'de', de: 'von', en: 'of' },
} as const;

/** A value of a line as the record has it. */
export const valueAt = ({ values }: Line, at: number): string => values[at] ?? '';

/** A sum as people read it. */
export function shownSum({ type }: Column, sum: number): string {
  return type === 'amount' ? euros(sum) : String(sum);
}

/** The columns whose sums the list says. */
export const totalColumns = ({ definition }: Head): readonly Column[] =>
  definition.columns.filter(({ total }) => total);
