import { ascent } from './pdf-later.ts';
import { GREY, LINE, MARGIN, PADDING, type Row, SIZE } from './pdf-page.ts';
import type { Table } from './pdf-table.ts';
import { oneLine } from './pdf-text.ts';
import type { Head, Line } from './rendering.ts';
import { plainText, valueAt } from './values.ts';

/** The library keeps what it knows of a form until the document ends: the PDF of a longer list has none. */
const MOST_LINES = 2_000;
const LOWEST = 2 * LINE + PADDING; // a row that one can type in
const INSET = 2; // of a text in its field, as programs draw what is typed
const READ_ONLY = 1; // bits of a field
const MULTILINE = 1 << 12;
const HIDDEN = 2; // bits of where it is shown
const PRINTED = 4;

/** What the types of the library leave out. */
interface Inside {
  readonly _font: { readonly id: string; encode(text: string, features?: object): [string[], unknown]; ref(): unknown };
  readonly _root: { readonly data: { readonly AcroForm: { readonly data: Record<string, unknown> } } };
  readonly page: { readonly annotations: { data: object }[] };
  _acroform: { fonts: object };
  initForm(): void;
  ref(data: object): { end(content?: string): void };
  annotate(x: number, y: number, width: number, height: number, data: object): void;
}

type Cell = Row['cells'][number];
type Put = (name: string, box: Box, data: object) => void;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const NOWHERE: Box = { x: 0, y: 0, width: 0, height: 0 };

/**
 * The form of a list that is filled in and sent back: in row n a text field `FIELD_n` for each column that is to be
 * filled in and a hidden one for each key, and a hidden one `authority` for all rows.
 */
export interface PdfForm {
  /** How high a row is so that one can type in it. */
  height(lines: number): number;
  /** Puts the fields of the next row on the page in hand, and gives what is left of the row to be printed. */
  draw(line: Line, row: Row, top: number): Row;
}

/** The form of a list that has columns to be filled in; of another none, nor of one with more than 2,000 lines. */
export function formOf(document: PDFKit.PDFDocument, head: Head, table: Table): PdfForm | undefined {
  const { columns } = head.definition;
  if (head.lines > MOST_LINES || !columns.some(({ form }) => form === 'fill')) return undefined;
  const keys = columns.flatMap(({ field, form }, at) => (form === 'key' ? [{ field, at }] : []));
  const put = openForm(document as unknown as Inside);
  const hide = (name: string, value: string) => put(name, NOWHERE, { F: HIDDEN, Ff: READ_ONLY, ...valued(value) });
  const isFilled = (at: number) => table.columns[at]?.form === 'fill';
  const empty = new Map<string, object>(); // there are few sizes
  const seen = ({ text, lines }: Cell, box: Box) => {
    if (text !== '') return appearance(document, lines, box);
    const size = `${box.width} ${box.height}`;
    const shown = empty.get(size) ?? appearance(document, [], box);
    empty.set(size, shown);
    return shown;
  };
  let rows = 0;
  return {
    height: (lines) => Math.max(LOWEST, lines) + INSET,
    draw(line, row, top) {
      rows += 1;
      if (rows === 1) hide('authority', head.authority);
      for (const { field, at } of keys) hide(`${field}_${rows}`, valueAt(line, at));
      const about = keys.map(({ at }) => valueAt(line, at)).join(' ');
      for (const [at, cell] of row.cells.entries()) {
        const column = table.columns[at];
        if (!column || !isFilled(at)) continue;
        const box = boxOf(cell, row, top);
        document.rect(box.x, box.y, box.width, box.height).lineWidth(0.25).stroke(GREY);
        const said = `${plainText(column.texts[head.language])} ${plainText(about)}`; // by programs that read aloud
        put(`${column.field}_${rows}`, box, {
          ...{ F: PRINTED, TU: new String(said), ...sizeOf(column, cell), ...valued(cell.text) },
          AP: { N: seen(cell, box) },
        });
      }
      return { ...row, cells: row.cells.filter((_, at) => !isFilled(at)) };
    },
  };
}

/** Whoever fills it in has only the letters of the programs' own font: what is in the document's are those it needs. */
function openForm(inside: Inside): Put {
  const typed = inside.ref({ Type: 'Font', Subtype: 'Type1', BaseFont: 'Helvetica', Encoding: 'WinAnsiEncoding' });
  typed.end();
  inside.initForm();
  inside._acroform.fonts = { Helv: typed };
  const { data } = inside._root.data.AcroForm;
  const fields: object[] = [];
  Object.assign(data, { Fields: fields, DA: new String(`/Helv ${SIZE} Tf 0 g`), DR: { Font: {} } });
  data['NeedAppearances'] = undefined; // each field brings its own: programs would ask to save what nobody changed
  return (name, { x, y, width, height }, data) => {
    inside.annotate(x, y, width, height, { Subtype: 'Widget', FT: 'Tx', T: new String(name), ...data });
    const field = inside.page.annotations.at(-1);
    if (!field) throw new Error('the library has no field that it was given');
    field.data = {}; // it is written already; from now on it is only pointed to
    fields.push(field);
  };
}

const valued = (value: string) => (value === '' ? {} : { V: new String(value) });

function boxOf({ x, width }: Cell, { height }: Row, top: number): Box {
  return { x: MARGIN + x - INSET, y: top - 1, width: width + 2 * INSET, height: height - PADDING };
}

/** A text of many characters may take lines; one that is there already is not too long. */
function sizeOf({ width, most }: Table['columns'][number], { text, lines }: Cell): object {
  const longest = most ?? width;
  const isLong = lines.length > 1 || (most ?? 0) > (width ?? 0);
  return {
    ...(isLong && { Ff: MULTILINE }),
    ...(longest !== undefined && { MaxLen: Math.max(longest, text.length) }),
  };
}

/** How a field looks before anybody types in it: its lines where they would be printed. */
function appearance(document: PDFKit.PDFDocument, lines: readonly string[], { width, height }: Box): object {
  const inside = document as unknown as Inside;
  const { id } = inside._font;
  const drawn = lines.map((line, at) => {
    const y = height - 1 - at * LINE - ascent(document, SIZE);
    const [letters] = inside._font.encode(line, oneLine(line).features);
    return `1 0 0 1 ${INSET} ${y.toFixed(2)} Tm <${letters.join('')}> Tj`;
  });
  const form = inside.ref({
    ...{ Type: 'XObject', Subtype: 'Form', BBox: [0, 0, width, height] },
    Resources: { Font: { [id]: inside._font.ref() } },
  });
  form.end(`/Tx BMC${drawn.length === 0 ? '' : ` q BT /${id} ${SIZE} Tf ${drawn.join(' ')} ET Q`} EMC`);
  return form;
}
