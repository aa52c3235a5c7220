import type { Head } from './rendering.ts';

/** A column's value, and its sign if it has one ('' else), as a format writes it, with all that stands around it. */
export type WriteValue = (value: string, sign: string) => string;

/** How words of letters and digits are written: as they are, with this around them. */
export interface WordsStyle {
  readonly before: string;
  readonly after: string;
  /** Filled up to this many characters; longer ones are no words. Absent: never. */
  readonly width?: number;
  /** With what, and where. */
  readonly fill?: { readonly character: string; readonly first: boolean };
}

/** A part of each line: what is written of a column, or always the same. */
export interface Cell {
  /** The place of the column, and of its sign, in a line; -1: none. */
  readonly at: number;
  readonly signAt: number;
  readonly write: WriteValue;
  /** Gives the same as `write` for words. */
  readonly words?: WordsStyle | undefined;
  /** Gives the same as `write` for digits that are cents, with a + as their sign: what stands around the euros. */
  readonly euros?: { readonly before: string; readonly after: string } | undefined;
}

/** A part of a line that is always the same. */
export const constant = (text: string): Cell => ({ at: -1, signAt: -1, write: () => text });

/** What is written of the period that a line corrects; '' when it is of the list's own. */
export const correctionCell = ({ definition }: Head, write: (correctionOf: string) => string): Cell => ({
  at: definition.columns.length,
  signAt: -1,
  write,
});

/** Words as bytes, with what stands around them. */
export interface Words {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly width: number;
  readonly fill: number;
  readonly first: boolean;
}

/** What stands around euros. */
export interface Euros {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** A cell as it is worked with. */
export interface Part {
  readonly column: number;
  readonly signAt: number;
  readonly write: WriteValue;
  readonly words: Words | undefined;
  /** The characters of the longest words. */
  readonly most: number;
  readonly euros: Euros | undefined;
}

/** Gets a cell ready. */
export function partOf({ at, signAt, write, words, euros }: Cell): Part {
  return {
    column: at,
    signAt,
    write,
    words: words && wordsOf(words),
    most: words ? (words.width ?? MOST_CHARACTERS) : -1,
    euros: euros && { before: bytesOf(euros.before), after: bytesOf(euros.after) },
  };
}

const MOST_CHARACTERS = 2 ** 30;

function wordsOf({ before, after, width = 0, fill = { character: ' ', first: false } }: WordsStyle): Words {
  return {
    before: bytesOf(before),
    after: bytesOf(after),
    width,
    fill: fill.character.charCodeAt(0),
    first: fill.first,
  };
}

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text));

/** By the place of a column: the cells that say something of it. */
export function placesOf(cells: readonly Cell[]): readonly (readonly number[])[] {
  const places: number[][] = [];
  for (const [index, { at, signAt }] of cells.entries()) {
    for (const column of new Set([at, signAt])) if (column >= 0) places[column] = [...(places[column] ?? []), index];
  }
  return Array.from(places, (touched) => touched ?? []);
}
