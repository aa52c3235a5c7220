import type { Language } from '../../registry/organisations.ts';
import type { Column } from '../definition.ts';
import { columnsIn, type Head, type Line, type PlacedColumn } from './rendering.ts';
import { meaningOf, plainText, shownValue, valueAt, WORDS } from './values.ts';

/** One cell of a row: its text and where it stands, in points from the left edge of the table. */
export interface Cell {
  readonly text: string;
  readonly x: number;
  readonly width: number;
  readonly right: boolean;
}

/** The columns of a table with their places. */
export interface Table {
  readonly columns: readonly (PlacedColumn & { readonly x: number; readonly points: number })[];
  readonly titles: readonly Cell[];
  /** Where the period of a correction stands. */
  readonly correction: { readonly x: number; readonly points: number };
}

const GAP = 6;
const NARROWEST = 4; // characters
const WIDEST = 34;
const WIDEST_CODE = 20;
const CORRECTION = 10; // a day is the longest period
const BOLD = 1.15; // titles are that much wider
const ROOM = 1.5; // beside each column

/** Shares the width out by how long the values and the titles of the columns are. */
export function tableOf(head: Head, width: number): Table {
  const { language } = head;
  const columns = columnsIn('pdf', head);
  const weights = columns.map((column) => weightOf(column, language));
  const correctionWeight = Math.max(CORRECTION, longestWord(WORDS.correctionOf[language])) + ROOM;
  const unit = width / [...weights, correctionWeight].reduce((sum, weight) => sum + weight, 0);
  let x = 0;
  const placed = columns.map((column, index) => {
    const points = (weights[index] ?? NARROWEST) * unit;
    x += points;
    return { ...column, x: x - points, points: points - GAP };
  });
  const correction = { x, points: correctionWeight * unit - GAP };
  const titles = placed.map((column) => cell(column, plainText(column.texts[language])));
  return {
    columns: placed,
    correction,
    titles: [...titles, correctionCell({ correction }, WORDS.correctionOf[language])],
  };
}

function weightOf(column: Column, language: Language): number {
  const title = longestWord(plainText(column.texts[language]));
  return Math.max(NARROWEST, Math.min(charactersOf(column, language), WIDEST), title) + ROOM;
}

/** Titles are broken between words; how wide is the longest one, in characters of the values. */
function longestWord(title: string): number {
  return Math.max(...title.split(/(?<=[ -])/).map(({ length }) => length)) * BOLD;
}

/** About how many characters its values have as they are shown. */
function charactersOf({ type, width = 12, codes }: Column, language: Language): number {
  if (type === 'date') return 9;
  if (type === 'month') return 7;
  if (type === 'amount') return width + 2; // a comma and a sign
  if (type !== 'code') return width;
  const shown = Object.keys(codes).map((code) => meaningOf({ codes }, code, language).length);
  return Math.min(Math.max(NARROWEST, ...shown), WIDEST_CODE);
}

/** The cells of a line. */
export function cellsOf(table: Table, line: Line, language: Language): Cell[] {
  const cells = table.columns.map((column) => cell(column, shownTo(column, line, language)));
  return line.correctionOf === '' ? cells : [...cells, correctionCell(table, line.correctionOf)];
}

function shownTo(column: PlacedColumn, line: Line, language: Language): string {
  if (column.type !== 'code') return shownValue(column, line, language);
  return meaningOf(column, valueAt(line, column.at), language);
}

function cell({ x, points, type }: Table['columns'][number], text: string): Cell {
  return { text, x, width: points, right: type === 'amount' };
}

function correctionCell({ correction }: Pick<Table, 'correction'>, text: string): Cell {
  return { text, x: correction.x, width: correction.points, right: false };
}
