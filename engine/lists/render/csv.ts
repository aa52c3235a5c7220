import { safeCell } from '../../core/formula.ts';
import { columnsIn, type Head } from './rendering.ts';
import { lineWriter, type TextWriter, textRenderer } from './text.ts';
import { plainText, shownAs, WORDS } from './values.ts';

const NUMBER = /^-?\d+(,\d+)?$/;
/** What stands for itself: letters, digits, blanks between them, and no more, so that one look is enough. */
const PLAIN = /^[0-9A-Za-z\u00c0-\u024f]+(?: [0-9A-Za-z\u00c0-\u024f]+)*$/;
const QUOTED = /["\r\n;,\t]|^\s|\s$/;

const shownCell = (text: string) => safeCell(plainText(text));

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
    if (column.type === 'text' && PLAIN.test(value)) return value;
    const shown = shownAs(column, value, sign, language);
    const isNumber = column.type === 'amount' || column.type === 'number';
    return quoted(isNumber && NUMBER.test(shown) ? shown : shownCell(shown));
  });
  return {
    open: (bom ? '\ufeff' : '') + record(titles.map(shownCell), separator),
    line: (line) => `${cells(line)}${quoted(line.correctionOf)}\r\n`,
    close: () => '',
  };
}

/** CSV after RFC 4180 in UTF-8: a line of titles, a line for each record, and no formula that a spreadsheet would obey. */
export const csv = textRenderer({ extension: 'csv', mediaType: 'text/csv' }, csvWriter);
