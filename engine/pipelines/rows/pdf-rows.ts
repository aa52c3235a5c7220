import { buffer } from 'node:stream/consumers';
import { type BlobSource, streamOf } from '../../store/blobs.ts';
import type { FormField } from './pdf-fields.ts';
import type { ReadPdf } from './pdf-reader.ts';
import { fieldFor, missingFields, type Row, type RowSource, type Rows } from './row.ts';

/** The PDF of a list with 2,000 lines has some 2 MB, filled in and saved by any program. */
const MOST_BYTES = 8 * 1024 * 1024;

/** True when content begins like a PDF. */
export function looksLikePdf(start: Buffer): boolean {
  return start.toString('latin1').startsWith('%PDF-');
}

/**
 * The rows of a list that was filled in as a PDF: row n has what the fields `TITLE_n` hold, and the authority that the
 * field `authority` names. Finding 138 when it cannot be read, or has no such fields.
 */
export async function pdfRows(
  content: BlobSource,
  source: RowSource,
  read: ReadPdf,
  signal: AbortSignal,
): Promise<Rows> {
  const size = content.kind === 'bytes' ? content.bytes.length : content.size;
  if (size > MOST_BYTES) return fault(`The PDF is larger than ${MOST_BYTES} bytes: send its answers as CSV`);
  const result = await read(await buffer(streamOf(content)), signal);
  if (result.kind === 'unreadable') return fault(result.reason);
  const { common, numbered } = sorted(result.fields, source);
  const there = new Set([common, ...numbered.values()].flatMap((fields) => Object.keys(fields)));
  const missing = missingFields([...there], source);
  if (missing.length > 0)
    return fault(`The PDF has no field ${missing.map((name) => nameOf(name, source)).join(', ')}`);
  return { kind: 'rows', rows: inOrder(common, numbered), fault: () => undefined };
}

const fault = (detail: string): Rows => ({ kind: 'fault', finding: { code: '138', detail } });

const nameOf = (field: string, { authority }: RowSource) => (field === authority ? 'authority' : field);

type Fields = Record<string, string>;

/** What the fields hold: those of all rows, and those of each, by its number. */
function sorted(fields: readonly FormField[], source: RowSource) {
  const [common, numbered]: [Fields, Map<number, Fields>] = [{}, new Map()];
  for (const [name, value] of fields) {
    if (name === 'authority') common[source.authority] = value;
    const [, title = '', digits = ''] = /^([A-Za-z0-9]{1,40})_([1-9]\d{0,4})$/.exec(name) ?? [];
    const field = fieldFor(title, source);
    if (field === '') continue;
    const row = numbered.get(Number(digits)) ?? {};
    numbered.set(Number(digits), Object.assign(row, { [field]: value }));
  }
  return { common, numbered };
}

/** Rows that are not there are empty, so that the others keep their lines. */
async function* inOrder(common: Fields, numbered: ReadonlyMap<number, Fields>): AsyncGenerator<Row> {
  const last = Math.max(0, ...numbered.keys());
  for (let number = 1; number <= last; number += 1) {
    const own = numbered.get(number);
    yield { fields: { ...common, ...own }, isEmpty: own === undefined, moreLines: 0 };
  }
}
