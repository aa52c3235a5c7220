import type { Readable } from 'node:stream';
import type { Language } from '../../registry/organisations.ts';
import type { Column, Format, ListDefinition } from '../definition.ts';
import type { LineBytes } from './line-reader.ts';

/** What a list says of itself, to whoever it is for. */
export interface Head {
  readonly definition: ListDefinition;
  readonly period: string;
  readonly authority: string;
  /** The name of the authority in its language; its number when it has none. */
  readonly authorityName: string;
  readonly language: Language;
  /** When the list was due: the only time that it shows, so that it comes out the same when it is made again. */
  readonly madeAt: Date;
  /** How many lines will come. */
  readonly lines: number;
}

/** One line: a value for each column of the definition, as the record has it. */
export interface Line {
  readonly values: readonly string[];
  /** The period that it corrects; '' for one of the list's own period. */
  readonly correctionOf: string;
}

/** What a list adds up to. */
export interface Totals {
  readonly lines: number;
  readonly corrections: number;
  /** By the field of the column, in its unit: cents for amounts. */
  readonly sums: Readonly<Record<string, number>>;
}

/** One document in the making: whoever makes it writes lines and then the end, somebody else reads the content. */
export interface Rendering {
  readonly content: Readable;
  /** Resolves when more may be written: memory does not grow with the list. */
  write(lines: readonly Line[]): Promise<void>;
  end(totals: Totals): Promise<void>;
  /** Gives up: reading fails with this. */
  abort(cause: Error): void;
}

/** A format that is made line by line. */
export interface Renderer {
  readonly extension: string;
  readonly mediaType: string;
  render(head: Head): Rendering;
}

/** One document of text in the making: lines are written to its end, and somebody else reads the content. */
export interface TextRendering extends Pick<Rendering, 'content' | 'end' | 'abort'> {
  line(line: LineBytes): void;
  /** Resolves when more may be written, rejects when nobody will read any more. */
  drained(): Promise<void>;
}

/** A format that is text. */
export interface TextRenderer extends Omit<Renderer, 'render'> {
  render(head: Head): TextRendering;
}

/** A column and where in a line its value is, and its sign. */
export interface PlacedColumn extends Column {
  readonly at: number;
  /** -1 when it has none. */
  readonly signAt: number;
}

/** The columns that a format shows, with the place of their values in a line. */
export function columnsIn(format: Format, { definition: { columns } }: Head): readonly PlacedColumn[] {
  const placed = columns.map((column, at) => ({
    ...column,
    at,
    signAt: columns.findIndex(({ field }) => field === column.sign),
  }));
  return placed.filter(({ notIn }) => !notIn.includes(format));
}
