import type { Cell } from './pdf-table.ts';

/** A4 lying down, in points. */
export const PAGE = { width: 841.89, height: 595.28 };
/** Left and right of what is printed. */
export const MARGIN = 30;
/** Height of a line of a row. */
export const LINE = 8.5;
/** Of a row, above and below its lines in all. */
export const PADDING = 2.5;
/** Of the letters in a row. */
export const SIZE = 7;
/** Of lines between rows and around what is to be filled in. */
export const GREY = '#bbbbbb';

/** A row that is laid out: a cell for each column of the table, then the period that it corrects. */
export interface Row {
  readonly cells: readonly (Cell & { readonly lines: readonly string[] })[];
  readonly height: number;
}
