import { safeCell } from '../../core/formula.ts';
import type { Language } from '../../registry/organisations.ts';
import type { Column } from '../definition.ts';
import { type Cell, correctionCell, type WriteValue } from './line-cells.ts';
import { columnsIn, type Head } from './rendering.ts';
import { type TextWriter, textRenderer } from './text.ts';
import { plainText, shownAs, WORDS } from './values.ts';

const NUMBER = /^-?\d+(,\d+)?$/;
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
  const cells = columns.map(({ at, signAt, ...column }): Cell => {
    const write: WriteValue = (value, sign) => cell(column, value, sign, language) + separator;
    const words = column.type === 'text' ? { before: '', after: separator } : undefined; // others are shown in another way
    const euros = column.type === 'amount' ? { before: '"', after: `"${separator}` } : undefined; // for its comma
    return { at, signAt, write, words, euros };
  });
  return {
    open: (bom ? '\ufeff' : '') + record(titles.map(shownCell), separator),
    cells: [...cells, correctionCell(head, (correctionOf) => `${quoted(correctionOf)}\r\n`)],
    close: () => '',
  };
}

function cell(column: Column, value: string, sign: string, language: Language): string {
  const shown = shownAs(column, value, sign, language);
  const isNumber = column.type === 'amount' || column.type === 'number';
  return quoted(isNumber && NUMBER.test(shown) ? shown : shownCell(shown));
}

/** CSV after RFC 4180 in UTF-8: a line of titles, a line for each record, and no formula that a spreadsheet would obey. */
export const csv = textRenderer({ extension: 'csv', mediaType: 'text/csv' }, csvWriter);
