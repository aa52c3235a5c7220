import { Readable } from 'node:stream';
import papaparse from 'papaparse';
import { plainCell } from '../../core/formula.ts';
import { readUtf8 } from '../../core/utf8.ts';
import type { Finding } from '../xml/inspection.ts';
import { fieldFor, missingFields, type Row, type RowSource, type Rows } from './row.ts';

const PIECE = 65_536;

type Cells = readonly string[];

/** True when content begins like CSV and not like XML, PDF or a ZIP. */
export function looksLikeCsv(start: Buffer): boolean {
  const text = start
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart();
  return text !== '' && /^["A-Za-z]/.test(text) && !text.startsWith('PK');
}

/**
 * The rows of CSV in UTF-8, with a line of titles; streamed, whatever its size. The apostrophe that keeps a spreadsheet
 * from obeying a cell is taken away. Finding 138 when a title is missing, or where it is not UTF-8.
 */
export async function csvRows(content: Readable, source: RowSource): Promise<Rows> {
  const { first, rest } = await titlesOf(content);
  const { pieces, wrongLine } = readUtf8(rest);
  const fault = () => notUtf8(wrongLine());
  const lines = linesOf(Readable.from(pieces), first);
  const { value: titles = [] } = await lines.next();
  const columns = titles.map((title: string) => fieldFor(title.replace(/^\ufeff/, ''), source));
  const missing = missingFields(columns, source);
  if (missing.length > 0) {
    content.destroy();
    const absent = { code: '138', line: 1, detail: `The CSV has no column ${missing.join(', ')}` };
    return { kind: 'fault', finding: fault() ?? absent };
  }
  return { kind: 'rows', rows: rowsOf(lines, columns), fault };
}

function notUtf8(line: number | undefined): Finding | undefined {
  return line === undefined ? undefined : { code: '138', line, detail: 'The CSV is not in UTF-8, as it must be' };
}

async function* rowsOf(lines: AsyncIterable<Cells>, columns: readonly string[]): AsyncGenerator<Row> {
  for await (const cells of lines) {
    const fields: Record<string, string> = {};
    for (const [index, name] of columns.entries()) if (name !== '') fields[name] = plainCell(cells[index] ?? '');
    yield { fields, isEmpty: cells.every((cell) => cell.trim() === ''), moreLines: lineEndsIn(cells) };
  }
}

/** As many as the cells have: what follows keeps its line. */
const lineEndsIn = (cells: Cells) => cells.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);

async function* linesOf(content: Readable, first: string): AsyncGenerator<Cells> {
  const delimiter = [';', '\t', ','].find((one) => first.includes(one)) ?? ',';
  const parser = content.pipe(papaparse.parse(papaparse.NODE_STREAM_INPUT, { delimiter, skipEmptyLines: false }));
  content.once('error', (error) => parser.destroy(error));
  for await (const cells of parser) yield cells as Cells;
}

/** The line of titles, or what there is of it in the first 64 KiB, and the whole content again. */
async function titlesOf(content: Readable) {
  const pieces: AsyncIterator<Buffer> = content[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < PIECE && !head.includes('\n')) {
    const { value, done } = await pieces.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  async function* again() {
    yield head;
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
  }
  return { first: head.toString('utf8').split('\n')[0] ?? '', rest: again() };
}
