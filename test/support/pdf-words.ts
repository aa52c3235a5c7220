import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { XMLParser } from 'fast-xml-parser';

const run = promisify(execFile);

/** A word on a page, where poppler finds it; in points from the upper left corner. */
export interface Word {
  readonly text: string;
  readonly xMin: number;
  readonly xMax: number;
  readonly yMin: number;
  readonly yMax: number;
}

/** A page as poppler reads it and draws it. */
export interface ReadPage {
  readonly width: number;
  readonly height: number;
  readonly words: readonly Word[];
  /** As somebody reads it, line by line (`pdftotext -layout`). */
  readonly text: string;
  /** The rectangle that has ink (`pdftoppm`), in points; all 0 on an empty page. */
  readonly ink: Omit<Word, 'text'>;
}

/** Reads and draws a PDF with poppler's programs, which are none of ours. */
export async function readPdf(content: Buffer): Promise<ReadPage[]> {
  const dir = await mkdtemp(join(tmpdir(), 'bode-pdf-'));
  try {
    const path = join(dir, 'list.pdf');
    await writeFile(path, content);
    const out = async (...args: string[]) =>
      (await run('pdftotext', [...args, path, '-'], { maxBuffer: 1 << 28 })).stdout;
    const [boxes, text] = [pagesIn(await out('-bbox')), (await out('-layout')).split('\f')];
    const { stdout } = await run('pdftoppm', ['-r', '72', '-gray', path], { maxBuffer: 1 << 30, encoding: 'buffer' });
    const inks = inksOf(stdout);
    return boxes.map((page, at) => ({ ...page, text: text[at] ?? '', ink: inks[at] ?? NO_INK }));
  } finally {
    await rm(dir, { recursive: true });
  }
}

type Attributes = Readonly<Record<string, string>>;

function pagesIn(bbox: string): Pick<ReadPage, 'width' | 'height' | 'words'>[] {
  const parser = new XMLParser({
    ...{ ignoreAttributes: false, attributeNamePrefix: '', parseTagValue: false, parseAttributeValue: false },
    isArray: (name: string) => name === 'page' || name === 'word',
  });
  const pages: (Attributes & { readonly word?: readonly Attributes[] })[] = parser.parse(bbox).html.body.doc.page;
  return pages.map(({ width, height, word = [] }) => ({
    width: Number(width),
    height: Number(height),
    words: word.map(wordOf),
  }));
}

function wordOf({ '#text': text = '', xMin, xMax, yMin, yMax }: Attributes): Word {
  return { text, xMin: Number(xMin), xMax: Number(xMax), yMin: Number(yMin), yMax: Number(yMax) };
}

const NO_INK = { xMin: 0, xMax: 0, yMin: 0, yMax: 0 };

/** Pictures of all pages, one behind the other: `P5 width height 255`, then a byte for each pixel. */
function inksOf(pictures: Buffer): ReadPage['ink'][] {
  const found: ReadPage['ink'][] = [];
  let at = 0;
  while (at < pictures.length) {
    const [head = '', width, height] =
      /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(pictures.toString('latin1', at, at + 40)) ?? [];
    if (head === '') throw new Error('not a picture of pdftoppm');
    const size = Number(width) * Number(height);
    found.push(inkOf(pictures.subarray(at + head.length, at + head.length + size), Number(width)));
    at += head.length + size;
  }
  return found;
}

function inkOf(pixels: Buffer, width: number): ReadPage['ink'] {
  const isWhite = (from: number, until: number) => pixels.subarray(from, until).every((grey) => grey > 250);
  const height = pixels.length / width;
  const rows = Array.from({ length: height }, (_, y) => y).filter((y) => !isWhite(y * width, (y + 1) * width));
  const [yMin, last] = [rows[0], rows.at(-1)];
  if (yMin === undefined || last === undefined) return NO_INK;
  let [xMin, xMax] = [width, 0];
  for (const y of rows) {
    const row = pixels.subarray(y * width, (y + 1) * width);
    xMin = Math.min(
      xMin,
      row.findIndex((grey) => grey <= 250),
    );
    xMax = Math.max(xMax, row.findLastIndex((grey) => grey <= 250) + 1);
  }
  return { xMin, xMax, yMin, yMax: last + 1 };
}
