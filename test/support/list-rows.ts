import type { Column, ListDefinition } from '../../engine/lists/definition.ts';

/** Names as people have them, and a few that nobody has; without what a font has no letters for. */
export const NAMES: readonly string[] = [
  ...['Dupont Élodie', 'Šćepanović-Łukasz Åse', 'Ωμέγα Ђорђе', "d'Hondt", 'Müller ß', 'O', ''],
  ...['Van den Broeck-De Smet-Vandenbroucke Maria-Magdalena Josephina Antoinette van Gent'],
  ...['Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogochxxxxxxxxxxxxxxxxxxxxxxxx'],
  ...['=1+1', '+32', '-1', '@SUM(A1)', '\t=1', '\r=2', 'a\r\nb', 'c;d,e', '"f" g', "'h", '<i>&j', '😀 Émoji'],
];

/** Written from right to left. */
export const RIGHT_TO_LEFT: readonly string[] = ['محمد عبد الله', 'דוד כהן'];

const LONG = 'income from work of 1.234,56 EUR in the month of March that was not declared by the person concerned';

/**
 * Values of one record for each column of a list: numbers of its own in each, texts that take turns in those that are
 * free, each code in turn.
 */
export function aRow(list: ListDefinition, at: number, texts: readonly string[] = NAMES): Record<string, string> {
  return Object.fromEntries(list.columns.map((column) => [column.field, valueIn(column, at, texts)]));
}

function valueIn({ field, type, codes }: Column, at: number, texts: readonly string[]): string {
  const text = texts[at % texts.length] ?? '';
  const number = String(at + 1);
  if (type === 'date') return `202603${String((at % 28) + 1).padStart(2, '0')}`;
  if (type === 'month') return '202603';
  if (type === 'amount') return String(99_900_000 + at);
  if (type === 'number') return number;
  if (type === 'code') return Object.keys(codes)[at % Object.keys(codes).length] ?? '';
  return ownValues(number)[field] ?? (field === 'Text' && at % 2 === 0 ? LONG : text);
}

const ownValues = (number: string): Readonly<Record<string, string>> => ({
  ...{ DossierNumber: `D${number.padStart(10, '0')}`, INSS: number.padStart(11, '0'), Nis: '44021', Suffix: '01' },
  ...{ Reference: `R${number.padStart(11, '0')}`, BudgetArticle: '101', Sign: '+', Category: 'A', FormType: 'B1' },
  ...{ authority: '0206731645', Codes: '00024-001 90601-001 324211', Code: '' },
  SignalNumber: Number(number) % 5 === 0 ? number.padStart(40, '0') : `KN-2026-${number.padStart(8, '0')}`,
});

/** A text as every format shows it: on one line, without control characters. */
export function onOneLine(text: string): string {
  const plain = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
  return plain === text ? text : plain.trim();
}
