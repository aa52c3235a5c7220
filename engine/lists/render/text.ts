import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { Head, Line, PlacedColumn, Renderer, Totals } from './rendering.ts';

/** How a format that is text is written. */
export interface TextWriter {
  readonly open: string;
  line(line: Line): string;
  close(totals: Totals): string;
}

/** A column's value, and its sign if it has one ('' else), as a format writes it. */
export type WriteValue = (value: string, sign: string) => string;

const STRETCH = 4; // columns

/** A column's value as it was in the line before, and what was written of it. */
interface Cell {
  readonly at: number;
  readonly signAt: number;
  readonly write: WriteValue;
  value: string;
  sign: string;
  text: string;
}

/** Some columns beside each other, as they were written last. */
interface Stretch {
  readonly cells: readonly Cell[];
  text: string;
}

/**
 * Writes the values of a line, one column after the other, each with `separator` behind it. What was written last is written
 * again without work: most columns say the same line after line.
 */
export function lineWriter(
  columns: readonly PlacedColumn[],
  separator: string,
  of: (column: PlacedColumn) => WriteValue,
): (line: Line) => string {
  const cells = columns.map((column): Cell => {
    const write = of(column);
    const { at, signAt } = column;
    return {
      at,
      signAt,
      write: (value, sign) => write(value, sign) + separator,
      value: '',
      sign: '',
      text: write('', '') + separator,
    };
  });
  const stretches: Stretch[] = [];
  for (let from = 0; from < cells.length; from += STRETCH)
    stretches.push({ cells: cells.slice(from, from + STRETCH), text: '' });
  for (const stretch of stretches) join(stretch);
  return ({ values }) => {
    let text = '';
    for (const stretch of stretches) {
      if (hasChanged(stretch, values)) join(stretch);
      text += stretch.text;
    }
    return text;
  };
}

function join(stretch: Stretch): void {
  let text = '';
  for (const cell of stretch.cells) text += cell.text;
  stretch.text = text;
}

function hasChanged({ cells }: Stretch, values: readonly string[]): boolean {
  let changed = false;
  for (const cell of cells) {
    const value = values[cell.at] ?? '';
    const sign = cell.signAt < 0 ? '' : (values[cell.signAt] ?? '');
    if (value === cell.value && sign === cell.sign) continue;
    cell.text = cell.write(value, sign);
    cell.value = value;
    cell.sign = sign;
    changed = true;
  }
  return changed;
}

/** A renderer of text in UTF-8. */
export function textRenderer(
  kind: { readonly extension: string; readonly mediaType: string },
  writerOf: (head: Head) => TextWriter,
): Renderer {
  return { ...kind, render: (head) => textRendering(writerOf(head)) };
}

const CHUNK = 1 << 18;
const MOST_BYTES = 3; // of UTF-8, for one unit of a JavaScript string

function textRendering(writer: TextWriter) {
  const content = new PassThrough({ highWaterMark: 1 << 18 });
  let [chunk, filled, begun] = [Buffer.alloc(0), 0, false];
  const flush = () => {
    if (filled > 0) content.write(chunk.subarray(0, filled));
    [chunk, filled] = [Buffer.alloc(0), 0];
  };
  // written line by line: to put long strings together first takes three times as long
  const put = (text: string) => {
    const most = text.length * MOST_BYTES;
    if (most > chunk.length - filled) {
      flush();
      chunk = Buffer.allocUnsafe(Math.max(CHUNK, most));
    }
    filled += chunk.write(text, filled, 'utf8');
  };
  const open = () => {
    if (!begun) put(writer.open);
    begun = true;
  };
  return {
    content,
    async write(lines: readonly Line[]) {
      open();
      for (const line of lines) put(writer.line(line));
      if (content.writableNeedDrain || content.destroyed) await drained(content);
    },
    async end(totals: Totals) {
      open();
      put(writer.close(totals));
      flush();
      content.end();
    },
    abort: (cause: Error) => void content.destroy(cause),
  };
}

/** Resolves when there is room, rejects when nobody will read any more. */
export async function drained(stream: PassThrough): Promise<void> {
  if (stream.destroyed) throw stream.errored ?? new Error('nobody reads the list any more');
  await Promise.race([once(stream, 'drain'), once(stream, 'close').then(() => drained(stream))]);
}
