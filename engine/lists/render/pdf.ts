import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import PDFDocument from 'pdfkit';
import { type Cell, cellsOf, cutToWidth, type Table, tableOf } from './pdf-table.ts';
import type { Head, Line, Renderer, Totals } from './rendering.ts';
import { plainText, shownSum, totalColumns, WORDS } from './values.ts';

const require = createRequire(import.meta.url);
const FONT = require.resolve('dejavu-fonts-ttf/ttf/DejaVuSansCondensed.ttf');
const BOLD = require.resolve('dejavu-fonts-ttf/ttf/DejaVuSansCondensed-Bold.ttf');

const PAGE = { width: 841.89, height: 595.28 }; // A4 lying down, in points
const MARGIN = 30;
const TOP = 78; // below title, authority and period
const BOTTOM = PAGE.height - 34;
const ROW = 11;
const SIZE = 7;
const MOST_UNREAD = 1 << 20;

/** Rows of the table on one page, the repeated titles not counted. */
export const ROWS_PER_PAGE = Math.floor((BOTTOM - TOP - ROW) / ROW);

/** How many pages a list has, its totals included. */
export function pagesOf({ lines, ...head }: Head): number {
  return Math.max(1, Math.ceil((lines + totalRows(head as Head) + 1) / ROWS_PER_PAGE));
}

/** Fonts that were read; a document only takes from them, so any number of documents can share them. */
interface Fonts {
  readonly plain: PDFKit.Mixins.PDFFontSource;
  readonly bold: PDFKit.Mixins.PDFFontSource;
}

/**
 * PDF for people: title, authority and period on each page, a table with repeated titles, totals, page x of y. The fonts
 * are read for the first document: to read them costs as much as all else in a short one.
 */
export function createPdf(): Renderer {
  let fonts: Fonts | undefined;
  const render = (head: Head) => {
    fonts ??= { plain: openFont(FONT), bold: openFont(BOLD) };
    return renderPdf(head, fonts);
  };
  return { extension: 'pdf', mediaType: 'application/pdf', render };
}

// pdfkit takes what its own reader of fonts has opened, which its types do not say
function openFont(path: string): PDFKit.Mixins.PDFFontSource {
  return (require('fontkit') as { openSync(path: string): PDFKit.Mixins.PDFFontSource }).openSync(path);
}

interface Sheet {
  readonly document: PDFKit.PDFDocument;
  readonly head: Head;
  readonly table: Table;
  readonly pages: number;
  page: number;
  row: number;
}

function renderPdf(head: Head, fonts: Fonts) {
  const sheet = newSheet(head, fonts);
  const content = sheet.document as unknown as Readable;
  return {
    content,
    async write(lines: readonly Line[]) {
      for (const line of lines) {
        if (await roomFor(sheet)) await read(content);
        drawRow(sheet, cellsOf(sheet.table, line, head.language));
      }
    },
    async end(totals: Totals) {
      for (const [label, value] of totalLines(head, totals)) {
        await roomFor(sheet);
        drawTotal(sheet, label, value);
      }
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
  return { document, head, table, pages: pagesOf(head), page: 0, row: ROWS_PER_PAGE };
}

/** Begins a page when the last one is full; true when it did. */
async function roomFor(sheet: Sheet): Promise<boolean> {
  if (sheet.row < ROWS_PER_PAGE) return false;
  sheet.document.addPage();
  sheet.page += 1;
  sheet.row = 0;
  drawHead(sheet);
  await turn(); // a page is compressed in the background
  return true;
}

/** Waits for the reader; the library itself takes whatever it is given. */
async function read(content: Readable): Promise<void> {
  while (content.readableLength > MOST_UNREAD && !content.destroyed) await turn();
}

function drawHead({ document, head, table, page, pages }: Sheet): void {
  const { definition, language, authority, authorityName, period } = head;
  const put = (text: string, y: number, options: PDFKit.Mixins.TextOptions = {}) =>
    document.text(text, MARGIN, y, { lineBreak: false, width: PAGE.width - 2 * MARGIN, ...options });
  document.font('bold').fontSize(13);
  put(cutToWidth(document, plainText(definition.texts[language]), PAGE.width - 2 * MARGIN), 26);
  document.font('plain').fontSize(9);
  const about = `${WORDS.authority[language]}: ${plainText(authorityName)} (${authority})`;
  put(cutToWidth(document, about, PAGE.width - 2 * MARGIN), 44);
  put(`${WORDS.period[language]}: ${period}`, 57);
  put(`${WORDS.page[language]} ${page} ${WORDS.of[language]} ${pages}`, PAGE.height - 26, { align: 'right' });
  document.font('bold').fontSize(SIZE);
  drawCells(document, table.titles, TOP);
  document
    .moveTo(MARGIN, TOP + ROW - 2)
    .lineTo(PAGE.width - MARGIN, TOP + ROW - 2)
    .lineWidth(0.5)
    .stroke();
  document.font('plain').fontSize(SIZE);
}

function drawRow(sheet: Sheet, cells: readonly Cell[]): void {
  drawCells(sheet.document, cells, TOP + ROW * (sheet.row + 1));
  sheet.row += 1;
}

function drawCells(document: PDFKit.PDFDocument, cells: readonly Cell[], y: number): void {
  for (const { text, x, width, right } of cells) {
    if (text === '') continue;
    const shown = cutToWidth(document, text, width);
    const at = right ? x + width - document.widthOfString(shown) : x;
    document.text(shown, MARGIN + at, y, { lineBreak: false });
  }
}

function drawTotal(sheet: Sheet, label: string, value: string): void {
  const { document } = sheet;
  const y = TOP + ROW * (sheet.row + 1);
  document.font('bold').fontSize(SIZE);
  if (label !== '') document.text(`${label}: ${value}`, MARGIN, y, { lineBreak: false });
  document.font('plain');
  sheet.row += 1;
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

const totalRows = (head: Head): number => 2 + totalColumns(head).length;
