import { Readable } from 'node:stream';
import papaparse from 'papaparse';
import { protocolTime } from '../core/calendar.ts';
import { plainCell } from '../core/formula.ts';
import { readUtf8 } from '../core/utf8.ts';
import type { CsvForms, Source } from '../records/source.ts';
import type { Finding } from './xml/inspection.ts';

/** A CSV file is read as the declaration that it stands for; line n of one is line n of the other. */
export type CsvDeclaration =
  | {
      readonly kind: 'declaration';
      /** Ends early when there is a fault. */
      readonly xml: AsyncIterable<Buffer>;
      /** What was wrong with the CSV so far: asked when the XML has been read. */
      fault(): Finding | undefined;
    }
  | { readonly kind: 'fault'; readonly finding: Finding };

type Row = readonly string[];
type Fields = Readonly<Record<string, string>>;

/** A source whose forms may come as CSV. */
export type CsvSource = Pick<Source, 'element'> & { readonly csv: CsvForms };
type Forms = CsvForms & Pick<Source, 'element'>;

/** True when content begins like CSV and not like XML or a ZIP. */
export function looksLikeCsv(start: Buffer): boolean {
  const text = start
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart();
  return text !== '' && /^["A-Za-z]/.test(text) && !text.startsWith('PK');
}

/**
 * Reads CSV in UTF-8, with a line of titles, as XML for the schema of its forms; streamed, whatever its size. The
 * apostrophe that keeps a spreadsheet from obeying a cell is taken away, and the zeros that one took away are put back.
 * Finding 138 when a title is missing, or where it is not UTF-8.
 */
export async function csvDeclaration(content: Readable, source: CsvSource, now: Date): Promise<CsvDeclaration> {
  const forms = { ...source.csv, element: source.element };
  const { first, rest } = await titlesOf(content);
  const { pieces, wrongLine } = readUtf8(rest);
  const fault = () => notUtf8(wrongLine());
  const rows = rowsOf(Readable.from(pieces), first);
  const { value: titles = [] } = await rows.next();
  const columns = titles.map((title: string) => fieldFor(title, forms));
  const missing = [...forms.form, ...forms.record.slice(0, 1)].filter((field) => !columns.includes(field));
  if (missing.length > 0) {
    content.destroy();
    const absent = { code: '138', line: 1, detail: `The CSV has no column ${missing.join(', ')}` };
    return { kind: 'fault', finding: fault() ?? absent };
  }
  return { kind: 'declaration', xml: inPieces(write(rows, columns, forms, now)), fault };
}

function notUtf8(line: number | undefined): Finding | undefined {
  return line === undefined ? undefined : { code: '138', line, detail: 'The CSV is not in UTF-8, as it must be' };
}

function fieldFor(title: string, { titles, form, record }: CsvForms): string {
  const plain = title.replace(/^\ufeff/, '').trim();
  const named = Object.hasOwn(titles, plain) ? (titles[plain] ?? plain) : plain;
  return [...form, ...record].includes(named) ? named : '';
}

async function* rowsOf(content: Readable, first: string): AsyncGenerator<Row> {
  const delimiter = [';', '\t', ','].find((one) => first.includes(one)) ?? ',';
  const parser = content.pipe(papaparse.parse(papaparse.NODE_STREAM_INPUT, { delimiter, skipEmptyLines: false }));
  content.once('error', (error) => parser.destroy(error));
  for await (const row of parser) yield row as Row;
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

const PIECE = 65_536;

async function* inPieces(texts: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let piece = '';
  for await (const text of texts) {
    piece += text;
    if (piece.length < PIECE) continue;
    yield Buffer.from(piece);
    piece = '';
  }
  yield Buffer.from(piece);
}

async function* write(rows: AsyncIterable<Row>, columns: readonly string[], forms: Forms, now: Date) {
  const { root, schema, skipWithout } = forms;
  yield `<?xml version="1.0" encoding="UTF-8"?><${root} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="${schema}">`;
  const writer = createFormWriter(forms, now);
  for await (const row of rows) {
    const fields = fieldsOf(row, columns, forms.pad);
    const skipped = row.every((cell) => cell.trim() === '') || (skipWithout !== undefined && !fields[skipWithout]);
    yield `\n${skipped ? '' : writer.add(fields)}${lineEndsIn(row)}`;
  }
  yield `${writer.end()}</${root}>\n`;
}

/** As many as the cells have: what follows keeps its line. */
const lineEndsIn = (row: Row) =>
  '\n'.repeat(row.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0));

function fieldsOf(row: Row, columns: readonly string[], pad: CsvForms['pad']): Fields {
  const fields: Record<string, string> = {};
  for (const [index, name] of columns.entries())
    if (name !== '') fields[name] = padded(plainCell(row[index] ?? '').trim(), pad[name]);
  return fields;
}

const padded = (value: string, width = 0) => (/^\d+$/.test(value) ? value.padStart(width, '0') : value);

function createFormWriter({ identification, form, record, most, element }: Forms, now: Date) {
  const { date, time } = protocolTime(now);
  let [open, count] = ['', 0];
  const head = (fields: Fields) =>
    `<Identification>${identification}</Identification><FormCreationDate>${date}</FormCreationDate>` +
    `<FormCreationHour>${time}</FormCreationHour><AttestationStatus>0</AttestationStatus><TypeForm>SU</TypeForm>${elements(form, fields)}`;
  return {
    add(fields: Fields): string {
      const key = form.map((name) => fields[name] ?? '').join('\n');
      const begins = key !== open || count === most;
      const before = begins ? `${count > 0 ? '</Form>' : ''}<Form>${head(fields)}` : '';
      [open, count] = [key, begins ? 1 : count + 1];
      return `${before}<${element}>${elements(record, fields)}</${element}>`;
    },
    end: () => (count > 0 ? '</Form>' : ''),
  };
}

function elements(names: readonly string[], fields: Fields): string {
  return names.map((name) => (fields[name] ? `<${name}>${escaped(fields[name])}</${name}>` : '')).join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function escaped(text: string): string {
  const plain = text.replace(/[\p{Cc}\ufffe\uffff]|\p{Cs}/gu, ' ').trim();
  return plain.replace(/[&<>]/g, (character) => ENTITIES[character] ?? '');
}
