import { XMLBuilder } from 'fast-xml-parser';

const INDENT = '  ';

// every control character (line ends included: an answer holds one line per element), and what XML 1.0 has no place for
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001F\u007F-\u009F\u2028\u2029\uFFFE\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/** Text that XML 1.0 can hold, on one line: every control or illegal character becomes `?`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '?');
}

/** At most `limit` characters (code points, as XML Schema counts them); a longer text keeps its start and ends in `…`. */
export function keepStart(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const points = Array.from(text);
  return points.length <= limit ? text : `${points.slice(0, limit - 1).join('')}…`;
}

/** At most `limit` characters (code points); a longer text keeps its end and begins with `…`. */
export function keepEnd(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const points = Array.from(text);
  return points.length <= limit ? text : `…${points.slice(1 - limit).join('')}`;
}

/** What an element may hold: text, further elements, or the same element several times; `undefined` leaves it out. */
export type Content = string | number | undefined | readonly Content[] | { readonly [name: string]: Content };

/** Writes elements in the order of the object's keys, each line indented `depth` steps; text must be `printable`. */
export type WriteElements = (elements: { readonly [name: string]: Content }, depth: number) => string;

/** A writer of indented elements; text is escaped. */
export function createElementWriter(): WriteElements {
  const builder = new XMLBuilder({ format: true, indentBy: INDENT, suppressEmptyNode: false });
  return (elements, depth) => {
    const text: string = builder.build(elements).trimStart();
    return depth === 0 ? text : text.replace(/^(?=.)/gm, INDENT.repeat(depth));
  };
}

/** The lines before the first element inside the root: XML declaration (UTF-8) and the root that names its schema. */
export function openDocument(root: string, schema: string): string {
  const namespace = 'http://www.w3.org/2001/XMLSchema-instance';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns:xsi="${namespace}" xsi:noNamespaceSchemaLocation="${schema}">\n`;
}

/** The line that ends a document of this root. */
export function closeDocument(root: string): string {
  return `</${root}>\n`;
}
