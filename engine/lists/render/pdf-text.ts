const MOST_LINES = 40; // so that a row fits on a page
const BREAKS = /(?<=[ /-])/u; // behind a space, a hyphen or a slash
const OTHER_THAN_LATIN = /[^\u0020-\u024f]/;
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;
const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}]/u;

/** Options of a text on one line: words written from right to left are laid out together, or each would stand alone. */
export function oneLine(text: string): PDFKit.Mixins.TextOptions {
  return RIGHT_TO_LEFT.test(text) ? { lineBreak: false, features: [] } : { lineBreak: false };
}

/** How wide a text is in the font in use. */
export function widthOf(document: PDFKit.PDFDocument, text: string): number {
  return document.widthOfString(text, oneLine(text));
}

/** What the types of the library leave out. */
interface FontInside {
  layoutCache: object | null;
  readonly font: { hasGlyphForCodePoint(codePoint: number): boolean };
}

const fontOf = (document: PDFKit.PDFDocument) => (document as unknown as { readonly _font: FontInside })._font;

/** A text with a mark for each letter that the font in use does not have: the library would draw what it has not measured. */
export function drawable(document: PDFKit.PDFDocument, text: string): string {
  if (!OTHER_THAN_LATIN.test(text)) return text;
  const { font } = fontOf(document);
  const shown = [...text.replace(INVISIBLE, '')];
  return shown.map((letter) => (font.hasGlyphForCodePoint(letter.codePointAt(0) ?? 0) ? letter : '\ufffd')).join('');
}

/**
 * Lets go of what the library keeps of every word in the font in use: else memory grows with the list. Once a page is
 * enough, and keeps what is in every row.
 */
export function forgetWords(document: PDFKit.PDFDocument): void {
  fontOf(document).layoutCache = Object.create(null);
}

/** A text in lines that fit, broken between words, or within one that is wider than a line; nothing of up to 40 lines is lost. */
export function wrapped(document: PDFKit.PDFDocument, text: string, width: number): string[] {
  const fits = (piece: string) => widthOf(document, piece.trimEnd()) <= width;
  if (fits(text)) return [text];
  const lines: string[] = [];
  let line = '';
  for (const piece of text.split(BREAKS)) {
    if (fits(line + piece)) {
      line += piece;
      continue;
    }
    if (line !== '') lines.push(line);
    line = piece;
    while (lines.length < MOST_LINES && !fits(line)) {
      const beginning = beginningOf(line, fits);
      lines.push(beginning);
      line = line.slice(beginning.length);
    }
    if (lines.length >= MOST_LINES) break;
  }
  if (lines.length < MOST_LINES) return [...lines, line].map((one) => one.trimEnd());
  return [...lines.slice(0, MOST_LINES - 1), cutToWidth(document, `${lines[MOST_LINES - 1]}…`, width)];
}

/** A text that fits, with an ellipsis when it had to be cut. */
export function cutToWidth(document: PDFKit.PDFDocument, text: string, width: number): string {
  if (widthOf(document, text) <= width) return text;
  return `${beginningOf(text, (piece) => widthOf(document, `${piece}…`) <= width)}…`;
}

/** As many characters as fit, at least one. */
function beginningOf(text: string, fits: (piece: string) => boolean): string {
  const characters = [...text];
  let [most, tooMany] = [1, Math.min(characters.length, 1_000)];
  while (tooMany - most > 1) {
    const middle = Math.floor((most + tooMany) / 2);
    if (fits(characters.slice(0, middle).join(''))) most = middle;
    else tooMany = middle;
  }
  return characters.slice(0, most).join('');
}
