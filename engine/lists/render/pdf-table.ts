import type { Language } from '../../registry/organisations.ts';
import type { Column } from '../definition.ts';
import { columnsIn, type Head, type Line, type PlacedColumn } from './rendering.ts';
import { plainText, shownValue, WORDS } from './values.ts';

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

const GAP = 4;
const NARROWEST = 5; // characters
const WIDEST = 34;
const CORRECTION = 13;

/** Shares the width out by how long the values and the titles of the columns are. */
export function tableOf(head: Head, width: number): Table {
  const { language } = head;
  const columns = columnsIn('pdf', head);
  const weights = columns.map((column) => weightOf(column, language));
  const unit = width / [...weights, CORRECTION].reduce((sum, weight) => sum + weight, 0);
  let x = 0;
  const placed = columns.map((column, index) => {
    const points = (weights[index] ?? NARROWEST) * unit;
    x += points;
    return { ...column, x: x - points, points: points - GAP };
  });
  const correction = { x, points: CORRECTION * unit - GAP };
  const titles = placed.map((column) => cell(column, plainText(column.texts[language])));
  return {
    columns: placed,
    correction,
    titles: [...titles, correctionCell({ correction }, WORDS.correctionOf[language])],
  };
}

function weightOf({ width = 12, texts, type }: Column, language: Language): number {
  const value = type === 'code' ? WIDEST / 2 : Math.min(width, WIDEST);
  return Math.max(NARROWEST, value, Math.min(texts[language].length, 14) * 0.8) + 1;
}

/** The cells of a line. */
export function cellsOf(table: Table, line: Line, language: Language): Cell[] {
  const cells = table.columns.map((column) => cell(column, shownValue(column, line, language)));
  return line.correctionOf === '' ? cells : [...cells, correctionCell(table, line.correctionOf)];
}

function cell({ x, points, type }: Table['columns'][number], text: string): Cell {
  return { text, x, width: points, right: type === 'amount' };
}

function correctionCell({ correction }: Pick<Table, 'correction'>, text: string): Cell {
  return { text, x: correction.x, width: correction.points, right: false };
}

/** A text that fits, with an ellipsis when it had to be cut. */
export function cutToWidth(document: PDFKit.PDFDocument, text: string, width: number): string {
  if (document.widthOfString(text) <= width) return text;
  const characters = [...text];
  let [fits, tooLong] = [0, characters.length];
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (document.widthOfString(`${characters.slice(0, middle).join('')}…`) <= width) fits = middle;
    else tooLong = middle;
  }
  return `${characters.slice(0, fits).join('')}…`;
}
