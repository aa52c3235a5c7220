import { protocolTime } from '../../core/calendar.ts';
import type { CsvForms } from '../../records/source.ts';
import type { Row, RowSource } from './row.ts';

const PIECE = 65_536;

type Fields = Row['fields'];
type Forms = CsvForms & Pick<RowSource, 'element'>;

/** Rows as the XML that they stand for: row n is in line n + 1, as it is in CSV; streamed, whatever their number. */
export function declarationOf(rows: AsyncIterable<Row>, source: RowSource, now: Date): AsyncGenerator<Buffer> {
  return inPieces(write(rows, { ...source.csv, element: source.element }, now));
}

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

async function* write(rows: AsyncIterable<Row>, forms: Forms, now: Date) {
  const { root, schema, skipWithout, pad } = forms;
  yield `<?xml version="1.0" encoding="UTF-8"?><${root} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="${schema}">`;
  const writer = createFormWriter(forms, now);
  const names = [...forms.form, ...forms.record];
  for await (const { fields: written, isEmpty, moreLines } of rows) {
    const fields = paddedFields(written, names, pad);
    const skipped = isEmpty || (skipWithout !== undefined && !fields[skipWithout]);
    yield `\n${skipped ? '' : writer.add(fields)}${'\n'.repeat(moreLines)}`;
  }
  yield `${writer.end()}</${root}>\n`;
}

function paddedFields(written: Fields, names: readonly string[], pad: CsvForms['pad']): Fields {
  const fields: Record<string, string> = {};
  for (const name of names) fields[name] = padded((written[name] ?? '').trim(), pad[name]);
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
