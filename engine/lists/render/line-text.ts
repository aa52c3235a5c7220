import { type Cell, type Euros, type Part, partOf, placesOf, type Words } from './line-cells.ts';
import { copy, digitsOf, writeDecimals } from './line-digits.ts';
import { type LineBytes, valueIn } from './line-reader.ts';
import { centsAt, isPlus } from './lines.ts';

/** Lines, one behind the other, in pages of bytes. */
export interface LineText {
  /** Writes a text as it is. */
  put(text: string): void;
  line(line: LineBytes): void;
  /** Gives away what was written. */
  flush(): void;
}

const NO_WORDS = -1;
const FIRST_PAGE = 1 << 16;
const LARGEST_PAGE = 1 << 20;

/**
 * Writes lines of cells: each is the line before with those cells written anew whose column has changed, as most columns
 * say the same line after line. `give` gets pages when they are full; they are not changed afterwards.
 */
export function createLineText(
  cells: readonly Cell[],
  { lines, give }: { readonly lines: number; readonly give: (page: Buffer) => void },
): LineText {
  const parts = cells.map(partOf);
  const partsAt = placesOf(cells);
  const at = new Int32Array(parts.length + 1); // of each cell in the line, and where the line ends
  const filledWith = new Int32Array(parts.length).fill(NO_WORDS); // the fill of each cell that is words now
  let last: Buffer = Buffer.from(cells.map(({ write }) => write('', '')).join('')); // in what the last line is
  let start = 0; // and where
  for (const [index, { write }] of cells.entries())
    at[index + 1] = (at[index] as number) + Buffer.byteLength(write('', ''));
  let [page, filled, written, given]: [Buffer, number, number, number] = [Buffer.alloc(0), 0, 0, 0];

  /** Has room for so many bytes behind `keep`: what is before goes. */
  function room(most: number, keep: number): void {
    if (filled + most <= page.length) return;
    const kept = page.subarray(keep, filled);
    if (keep > 0) give(page.subarray(0, keep));
    given += keep;
    const next = Buffer.allocUnsafeSlow(Math.max(pageSize(), 2 * (kept.length + most)));
    kept.copy(next);
    if (last === page) {
      last = next;
      start -= keep;
    }
    page = next;
    filled = kept.length;
  }

  /** As much as is likely to come. */
  function pageSize(): number {
    if (written === 0) return FIRST_PAGE;
    const left = Math.ceil(((given + filled) / written) * (lines - written + 1) * 1.02) + 1_024;
    return Math.max(FIRST_PAGE, Math.min(LARGEST_PAGE, left));
  }

  function put(text: string): void {
    const length = Buffer.byteLength(text);
    keepLast();
    room(length, filled);
    filled += page.write(text, filled, length, 'utf8');
  }

  function keepLast(): void {
    if (last !== page) return;
    last = Buffer.from(page.subarray(start, start + lengthOf()));
    start = 0;
  }

  const lengthOf = () => at[parts.length] as number;

  /** The last line once more. */
  function again(): void {
    const length = lengthOf();
    if (last === page && filled + length <= page.length) page.copyWithin(filled, start, start + length);
    else {
      keepLast();
      room(length, filled);
      last.copy(page, filled, start, start + length);
    }
    last = page;
    start = filled;
    filled += length;
  }

  /** Makes a cell of the line, which is the last, so long; gives where it is. */
  function resize(index: number, length: number): number {
    const end = at[index + 1] as number;
    const more = length - (end - (at[index] as number));
    if (more !== 0) {
      if (more > 0) room(more, start);
      page.copyWithin(start + end + more, start + end, filled);
      filled += more;
      for (let later = index + 1; later < at.length; later += 1) at[later] = (at[later] as number) + more;
    }
    return start + (at[index] as number);
  }

  function rewrite(index: number, line: LineBytes): void {
    const { words, column, most, euros } = parts[index] as Part;
    const characters = line.words[column] as number;
    if (words && characters >= 0 && characters <= most) writeWords(index, words, line);
    else if (!euros || !writeEuros(index, euros, line)) writeText(index, line);
  }

  function writeText(index: number, line: LineBytes): void {
    const { write, column, signAt } = parts[index] as Part;
    const text = write(valueIn(line, column), signAt < 0 ? '' : valueIn(line, signAt));
    const length = Buffer.byteLength(text);
    const place = resize(index, length);
    page.write(text, place, length, 'utf8');
    filledWith[index] = NO_WORDS;
  }

  function writeWords(index: number, { before, after, width, fill, first }: Words, line: LineBytes): void {
    const column = (parts[index] as Part).column;
    const source = line.sources[column] as Uint8Array;
    const [from, to] = [line.from[column] as number, line.to[column] as number];
    const missing = Math.max(0, width - (line.words[column] as number));
    const length = before.length + (to - from) + missing + after.length;
    const around = filledWith[index] === missing && length === (at[index + 1] as number) - (at[index] as number);
    const place = resize(index, length) + before.length;
    copy(page, first ? place + missing : place, source, from, to);
    if (around) return; // what is around the words is there
    copy(page, place - before.length, before, 0, before.length);
    copy(page, place + (to - from) + missing, after, 0, after.length);
    page.fill(fill, first ? place : place + (to - from), first ? place + missing : place + (to - from) + missing);
    filledWith[index] = missing;
  }

  /** False, and nothing is written, when the value is no number of cents. */
  function writeEuros(index: number, { before, after }: Euros, line: LineBytes): boolean {
    const { column, signAt } = parts[index] as Part;
    const cents = centsAt(line, column);
    if (cents < 0 || (signAt >= 0 && !isPlus(line, signAt))) return false;
    const digits = Math.max(3, digitsOf(cents));
    const place = resize(index, before.length + digits + 1 + after.length);
    copy(page, place, before, 0, before.length);
    writeDecimals(page, place + before.length + digits, cents, digits);
    copy(page, place + before.length + digits + 1, after, 0, after.length);
    return true;
  }

  return {
    put,
    line(line) {
      again();
      for (let change = 0; change < line.changes; change += 1) {
        const touched = partsAt[line.changed[change] as number];
        if (touched) for (const index of touched) rewrite(index, line);
      }
      written += 1;
    },
    flush() {
      keepLast();
      if (filled > 0) give(page.subarray(0, filled));
      given += filled;
      [page, filled] = [Buffer.alloc(0), 0];
    },
  };
}
