import { withoutZone } from '../../core/calendar.ts';
import { EngineError } from '../../core/errors.ts';
import type { Column } from '../definition.ts';
import { type Cell, constant } from './line-cells.ts';
import { columnsIn, type Head } from './rendering.ts';
import { type TextWriter, textRenderer } from './text.ts';
import { plainText } from './values.ts';

function fixedWriter(head: Head): TextWriter {
  const columns = columnsIn('fixed', head).filter(({ width }) => width !== undefined);
  const cells = columns.map(({ at, signAt, ...column }): Cell => {
    const { width = 0, type } = column;
    const fill = isDigits(type) ? { character: '0', first: true } : { character: ' ', first: false };
    return {
      at,
      signAt,
      write: (value) => fixedValue(column, value),
      words: { before: '', after: '', width, fill },
    };
  });
  return { open: '', cells: [...cells, constant('\r\n')], close: () => '' };
}

/**
 * A value in exactly the width of its column: digits with zeros in front, text with spaces behind. Throws
 * list_unprintable when it is longer and may not be cut.
 */
export function fixedValue(column: Column, value: string): string {
  const { width = 0, cut, field, type } = column;
  const plain = plainText(value);
  const text = type === 'date' || type === 'month' ? withoutZone(plain).replaceAll('-', '') : plain;
  const characters = text.length > width ? [...text.normalize('NFC')] : undefined;
  if (characters && characters.length > width && !cut) {
    throw new EngineError('list_unprintable', `a value of ${field} is longer than its ${width} characters`);
  }
  return padded(characters?.slice(0, width).join('') ?? text, width, isDigits(type));
}

const isDigits = (type: Column['type']) =>
  type === 'number' || type === 'amount' || type === 'date' || type === 'month';

const PAIRED = /[\ud800-\udbff]/; // half of a character beyond the first plane

function padded(text: string, width: number, digits: boolean): string {
  const missing = width - (PAIRED.test(text) ? [...text].length : text.length);
  if (missing <= 0) return text;
  return digits && text !== '' ? '0'.repeat(missing) + text : text + ' '.repeat(missing);
}

/**
 * A record of fixed width for each line, in UTF-8, widths in characters (protocol §3.2: 111 for the monthly statement);
 * no titles and no totals. A correction names its period in the fields of the record itself.
 */
export const fixed = textRenderer({ extension: 'txt', mediaType: 'text/plain' }, fixedWriter);
