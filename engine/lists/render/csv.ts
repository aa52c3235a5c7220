import { columnsIn, type Head } from './rendering.ts';
import { lineWriter, type TextWriter, textRenderer } from './text.ts';
import { plainText, shownAs, WORDS } from './values.ts';

// what a spreadsheet obeys, and the wide forms of the same signs that some take for them
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;
const NUMBER = /^-?\d+(,\d+)?$/;
const QUOTED = /["\r\n;,\t]|^\s|\s$/;

/** A text in a spreadsheet's cell that is shown and never obeyed: what could be a formula gets an apostrophe in front. */
export function safeCell(text: string): string {
  const plain = plainText(text);
  return FORMULA.test(plain) ? `'${plain}` : plain;
}

/** The same text as it was before safeCell put an apostrophe in front. */
export function unsafeCell(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell;
}

/** One record of RFC 4180, its line end included. */
function record(cells: readonly string[], separator: string): string {
  return `${cells.map(quoted).join(separator)}\r\n`;
}

const quoted = (cell: string) => (QUOTED.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

function csvWriter(head: Head): TextWriter {
  const { definition, language } = head;
  const { bom, separator } = definition.csv;
  const columns = columnsIn('csv', head);
  const titles = [...columns.map(({ texts }) => texts[language]), WORDS.correctionOf[language]];
  const cells = lineWriter(columns, separator, (column) => (value, sign) => {
    const shown = shownAs(column, value, sign, language);
    const isNumber = column.type === 'amount' || column.type === 'number';
    return quoted(isNumber && NUMBER.test(shown) ? shown : safeCell(shown));
  });
  return {
    open: (bom ? '\ufeff' : '') + record(titles.map(safeCell), separator),
    line: (line) => `${cells(line)}${quoted(line.correctionOf)}\r\n`,
    close: () => '',
  };
}

/** CSV after RFC 4180 in UTF-8: a line of titles, a line for each record, and no formula that a spreadsheet would obey. */
export const csv = textRenderer({ extension: 'csv', mediaType: 'text/csv' }, csvWriter);
