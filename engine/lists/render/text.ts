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

/** What was written last is written again without work: most columns say the same line after line. */
function remembering(write: WriteValue): WriteValue {
  let [lastValue, lastSign, last] = ['', '', write('', '')];
  return (value, sign) => {
    if (value !== lastValue || sign !== lastSign) {
      last = write(value, sign);
      [lastValue, lastSign] = [value, sign];
    }
    return last;
  };
}

/** Writes the values of a line, one column after the other, each with `separator` behind it. */
export function lineWriter(
  columns: readonly PlacedColumn[],
  separator: string,
  of: (column: PlacedColumn) => WriteValue,
): (line: Line) => string {
  const writers = columns.map((column) => ({ at: column.at, signAt: column.signAt, write: remembering(of(column)) }));
  return ({ values }) => {
    let text = '';
    for (const { at, signAt, write } of writers) text += write(values[at] ?? '', values[signAt] ?? '') + separator;
    return text;
  };
}

/** A renderer of text in UTF-8. */
export function textRenderer(
  kind: { readonly extension: string; readonly mediaType: string },
  writerOf: (head: Head) => TextWriter,
): Renderer {
  return { ...kind, render: (head) => textRendering(writerOf(head)) };
}

const CHUNK = 1 << 16;
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
