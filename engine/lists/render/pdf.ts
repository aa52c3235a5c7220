import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import PDFDocument from 'pdfkit';
import { formOf, type PdfForm } from './pdf-form.ts';
import { type LaterText, laterText } from './pdf-later.ts';
import { GREY, LINE, MARGIN, PADDING, PAGE, type Row, SIZE } from './pdf-page.ts';
import { type Cell, cellsOf, type Table, tableOf } from './pdf-table.ts';
import { cutToWidth, drawable, forgetWords, oneLine, widthOf, wrapped } from './pdf-text.ts';
import type { Head, Line, Renderer, Totals } from './rendering.ts';
import { plainText, shownSum, totalColumns, WORDS } from './values.ts';

const require = createRequire(import.meta.url);
const FONT = require.resolve('dejavu-fonts-ttf/ttf/DejaVuSansCondensed.ttf');
const BOLD = require.resolve('dejavu-fonts-ttf/ttf/DejaVuSansCondensed-Bold.ttf');

const TOP = 76; // below title, authority and period
const BOTTOM = PAGE.height - 34;
const SMALL = 9;
const MOST_PAGES = '000'; // room for the number of pages
const MOST_UNREAD = 1 << 20;

/** How a PDF is called. */
export const PDF = { extension: 'pdf', mediaType: 'application/pdf' } as const;

/** Fonts that were read; a document only takes from them, so any number of documents can share them. */
interface Fonts {
  readonly plain: PDFKit.Mixins.PDFFontSource;
  readonly bold: PDFKit.Mixins.PDFFontSource;
}

/**
 * PDF for people: title, authority and period on each page, a table with repeated titles, totals, page x of y; what is
 * long takes more lines. The fonts are read for the first document: to read them costs as much as all else in a short one.
 */
export function createPdf(): Renderer {
  let fonts: Fonts | undefined;
  const render = (head: Head) => {
    fonts ??= { plain: openFont(FONT), bold: openFont(BOLD) };
    return renderPdf(head, fonts);
  };
  return { ...PDF, render };
}

// pdfkit takes what its own reader of fonts has opened, which its types do not say
function openFont(path: string): PDFKit.Mixins.PDFFontSource {
  return (require('fontkit') as { openSync(path: string): PDFKit.Mixins.PDFFontSource }).openSync(path);
}

interface Sheet {
  readonly document: PDFKit.PDFDocument;
  readonly head: Head;
  readonly table: Table;
  readonly titles: Row;
  readonly pages: LaterText;
  /** Absent when nothing is to be filled in. */
  readonly form: PdfForm | undefined;
  page: number;
  /** Where the next row begins. */
  y: number;
}

function renderPdf(head: Head, fonts: Fonts) {
  const sheet = newSheet(head, fonts);
  const content = sheet.document as unknown as Readable;
  return {
    content,
    async write(lines: readonly Line[]) {
      for (const line of lines) {
        const row = rowOf(sheet, line);
        if (await roomFor(sheet, row.height)) await read(content);
        drawRow(sheet, row, line);
      }
    },
    async end(totals: Totals) {
      for (const [label, value] of totalLines(head, totals)) {
        await roomFor(sheet, LINE + PADDING);
        drawTotal(sheet, label, value);
      }
      sheet.pages.say(String(sheet.page));
      sheet.document.end();
    },
    abort: (cause: Error) => void content.destroy(cause),
  };
}

function newSheet(head: Head, { plain, bold }: Fonts): Sheet {
  const { definition, madeAt, language, authorityName } = head;
  const document = new PDFDocument({
    autoFirstPage: false,
    size: [PAGE.width, PAGE.height],
    margin: 0,
    lang: language,
    info: {
      Title: definition.texts[language],
      Author: authorityName,
      Producer: 'Bode',
      Creator: 'Bode',
      CreationDate: madeAt,
    },
  });
  document.registerFont('plain', plain).registerFont('bold', bold);
  const table = tableOf(head, PAGE.width - 2 * MARGIN);
  const titles = layOut(document.font('bold').fontSize(SIZE), table.titles);
  const pages = laterText(document.font('plain').fontSize(SIZE), SMALL);
  return { document, head, table, titles, pages, form: formOf(document, head, table), page: 0, y: PAGE.height };
}

function rowOf({ document, head, table, form }: Sheet, line: Line): Row {
  const row = layOut(document, cellsOf(table, line, head.language));
  return form ? { ...row, height: form.height(row.height) } : row;
}

/** Breaks the texts of cells into lines, in the font in use. */
function layOut(document: PDFKit.PDFDocument, cells: readonly Cell[]): Row {
  const broken = cells.map((cell) => ({
    ...cell,
    lines: wrapped(document, drawable(document, cell.text), cell.width),
  }));
  return { cells: broken, height: Math.max(1, ...broken.map(({ lines }) => lines.length)) * LINE + PADDING };
}

/** Begins a page when there is not so much room left on this one; true when it did. */
async function roomFor(sheet: Sheet, height: number): Promise<boolean> {
  if (sheet.y + height <= BOTTOM) return false;
  sheet.document.addPage();
  sheet.page += 1;
  drawHead(sheet);
  await turn(); // a page is compressed in the background
  return true;
}

/** Waits for the reader; the library itself takes whatever it is given. */
async function read(content: Readable): Promise<void> {
  while (content.readableLength > MOST_UNREAD && !content.destroyed) await turn();
}

function drawHead(sheet: Sheet): void {
  const { document, head, titles } = sheet;
  const { definition, language, authority, authorityName, period } = head;
  const put = (text: string, y: number) => {
    const shown = cutToWidth(document, drawable(document, plainText(text)), PAGE.width - 2 * MARGIN);
    document.text(shown, MARGIN, y, oneLine(shown));
  };
  document.font('bold').fontSize(13);
  put(definition.texts[language], 24);
  document.font('plain').fontSize(SMALL);
  put(`${WORDS.authority[language]}: ${authorityName} (${authority})`, 42);
  put(`${WORDS.period[language]}: ${period}`, 55);
  drawPageNumber(sheet);
  document.font('bold').fontSize(SIZE);
  drawCells(document, titles, TOP, 'below');
  sheet.y = TOP + titles.height + 1;
  drawRule(document, sheet.y - 2, 0.5, 'black');
  document.font('plain').fontSize(SIZE);
  forgetWords(document);
}

/** Right below: page x of y, which is said in the end. */
function drawPageNumber({ document, head: { language }, page, pages }: Sheet): void {
  const [y, right] = [PAGE.height - 26, PAGE.width - MARGIN - document.widthOfString(MOST_PAGES)];
  const label = `${WORDS.page[language]} ${page} ${WORDS.of[language]} `;
  document.text(label, right - document.widthOfString(label), y, oneLine(label));
  pages.draw(right, y);
}

function drawRow(sheet: Sheet, row: Row, line: Line): void {
  const { document, form } = sheet;
  drawCells(document, form?.draw(line, row, sheet.y) ?? row, sheet.y, 'above');
  sheet.y += row.height;
  drawRule(document, sheet.y - 1.5, 0.25, GREY);
}

function drawRule(document: PDFKit.PDFDocument, y: number, width: number, colour: string): void {
  document
    .moveTo(MARGIN, y)
    .lineTo(PAGE.width - MARGIN, y)
    .lineWidth(width)
    .stroke(colour);
}

/** Short cells of a row stand above or below in it. */
function drawCells(document: PDFKit.PDFDocument, { cells, height }: Row, top: number, where: 'above' | 'below'): void {
  for (const { lines, x, width, right } of cells) {
    const from = where === 'above' ? top : top + height - PADDING - lines.length * LINE;
    for (const [index, line] of lines.entries()) {
      if (line === '') continue;
      const at = right ? x + width - widthOf(document, line) : x;
      document.text(line, MARGIN + at, from + index * LINE, oneLine(line));
    }
  }
}

function drawTotal(sheet: Sheet, label: string, value: string): void {
  const { document } = sheet;
  document.font('bold').fontSize(SIZE);
  if (label !== '') document.text(`${label}: ${value}`, MARGIN, sheet.y, { lineBreak: false });
  document.font('plain');
  sheet.y += LINE + PADDING;
}

/** An empty row, then what the list adds up to. */
function totalLines(head: Head, { lines, corrections, sums }: Totals): (readonly [string, string])[] {
  const { language } = head;
  const totals = totalColumns(head).map(
    (column) =>
      [`${WORDS.total[language]} ${column.texts[language]}`, shownSum(column, sums[column.field] ?? 0)] as const,
  );
  const counts = [
    [WORDS.lines[language], String(lines)] as const,
    [WORDS.corrections[language], String(corrections)] as const,
  ];
  return [['', ''], ...counts, ...totals];
}
