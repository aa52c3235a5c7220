import { expect } from 'chai';
import { loadConfig } from '../../../../config/load.ts';
import type { ListDefinition } from '../../../../engine/lists/definition.ts';
import { createPdf } from '../../../../engine/lists/render/pdf.ts';
import { cellsOf, tableOf } from '../../../../engine/lists/render/pdf-table.ts';
import type { Head } from '../../../../engine/lists/render/rendering.ts';
import { LANGUAGES } from '../../../../engine/registry/organisations.ts';
import { aRow, NAMES, RIGHT_TO_LEFT } from '../../../support/list-rows.ts';
import { aHead, aLine, rendered, shippedList } from '../../../support/lists.ts';
import { NASTY_TEXTS } from '../../../support/nasty-texts.ts';
import { type ReadPage, readPdf, type Word } from '../../../support/pdf-words.ts';

const LISTS: readonly ListDefinition[] = Object.values((await loadConfig(undefined, {})).lists);
const MARGIN = 30;
const WIDTH = 841.89 - 2 * MARGIN;
const ROWS = 60;
const LINES_IN = { nl: 'Lijnen', fr: 'Lignes', de: 'Zeilen', en: 'Lines' } as const;

const together = (words: readonly Word[]) => words.map(({ text }) => text).join('');
/** The same letters, in whatever order a reader puts those that are written from right to left. */
const letters = (text: string) => [...text.normalize('NFKC').replace(/\s/g, '')].toSorted().join('');

describe('lists: PDF, as poppler reads and draws it', function () {
  this.timeout(120_000);

  const headOf = (list: ListDefinition, with_: Partial<Head> = {}) =>
    aHead(list, { authorityName: 'OCMW Sint-Jans-Molenbeek / CPAS Molenbeek-Saint-Jean', ...with_ });

  function expectInside(pages: readonly ReadPage[]): void {
    for (const { width, height, ink, words } of pages) {
      expect(ink.xMin, 'left margin').to.be.at.least(MARGIN - 1);
      expect(ink.xMax, 'right margin').to.be.at.most(width - MARGIN + 1);
      expect(ink.yMin, 'above').to.be.at.least(20);
      expect(ink.yMax, 'below').to.be.at.most(height - 15);
      for (const word of words) {
        expect(word.xMin, word.text).to.be.at.least(MARGIN - 1);
        expect(word.xMax, word.text).to.be.at.most(width - MARGIN + 1);
      }
    }
  }

  function expectApart(words: readonly Word[]): void {
    const rows = words.toSorted((a, b) => a.yMin - b.yMin);
    for (const [at, word] of rows.entries()) {
      for (const other of rows.slice(at + 1)) {
        if (other.yMin > word.yMax - 1.5) break; // lines of letters without descenders may touch
        const apart = other.xMin > word.xMax - 0.5 || word.xMin > other.xMax - 0.5;
        expect(apart, `${word.text} and ${other.text} lie over each other`).to.equal(true);
      }
    }
  }

  /** The words of the row that begins with this number, by the columns that they begin in. */
  function rowAt(pages: readonly ReadPage[], number: string, next: string, starts: readonly number[]): Word[][] {
    const page = pages.find(({ words }) => words.some(({ text }) => text === number));
    if (!page) throw new Error(`${number} is on no page`);
    const top = (text: string) => page.words.find((word) => word.text === text)?.yMin;
    const [from = 0, until = page.height - 40] = [top(number), top(next)];
    const own = page.words.filter(({ yMin }) => yMin >= from - 1 && yMin < until - 1);
    return starts.map((start, at) => {
      const end = starts[at + 1] ?? Number.POSITIVE_INFINITY;
      return own.filter(({ xMin, xMax }) => (xMin + xMax) / 2 >= start && (xMin + xMax) / 2 < end);
    });
  }

  for (const [index, list] of LISTS.entries()) {
    const language = LANGUAGES[index % LANGUAGES.length] ?? 'nl';
    it(`of ${list.name} (${language}) has every text of every row on a page, whole and apart from the others`, async () => {
      const texts = [...NAMES, ...RIGHT_TO_LEFT];
      const head = headOf(list, { language });
      const lines = Array.from({ length: ROWS }, (_, at) =>
        aLine(list, aRow(list, at, texts), at % 4 === 0 ? '2026-02' : ''),
      );
      const pages = await readPdf(await rendered(createPdf(), head, lines, { sums: { Amount: -5 } }));
      expect(pages.length).to.be.above(1);
      expectInside(pages);
      for (const { words } of pages) expectApart(words);
      const table = tableOf(head, WIDTH);
      const starts = [...table.columns, table.correction].map(({ x }) => MARGIN + x - 3);
      for (const [at, line] of lines.entries()) {
        const number = aRow(list, at)['DossierNumber'] ?? '';
        const found = rowAt(pages, number, aRow(list, at + 1)['DossierNumber'] ?? '', starts);
        const wanted = cellsOf(table, line, language).map(({ text }) => letters(text));
        // behind the last row come the totals, in the first columns
        const shown = found.slice(0, wanted.length).map((words) => letters(together(words)));
        if (at < ROWS - 1) expect(shown, number).to.deep.equal(wanted);
      }
    });

    it(`of ${list.name} repeats its titles and says page x of y, in every language`, async () => {
      for (const each of LANGUAGES) {
        const head = headOf(list, { language: each });
        const lines = Array.from({ length: ROWS }, (_, at) => aLine(list, aRow(list, at)));
        const pages = await readPdf(await rendered(createPdf(), head, lines));
        expectInside(pages);
        for (const [at, { text, words }] of pages.entries()) {
          expect(text).to.contain(list.texts[each]).and.contain(`(${head.authority})`).and.contain(head.period);
          expect(text).to.match(new RegExp(` ${at + 1} \\S+ ${pages.length}\\n`));
          const titles = tableOf(head, WIDTH).titles.flatMap(({ text: title }) => title.split(' '));
          expect(words.map((word) => word.text)).to.include.members(titles);
        }
        expect(pages.at(-1)?.text).to.contain(`${LINES_IN[each]}: ${ROWS}`);
      }
    });
  }

  it('stays inside its margins whatever texts come, and cuts only what would fill pages', async () => {
    const list = await shippedList('signals-monthly');
    const lines = NASTY_TEXTS.map((Name, at) => aLine(list, { ...aRow(list, at), Name, Text: Name, Remark: Name }));
    const pages = await readPdf(await rendered(createPdf(), headOf(list), lines));
    expectInside(pages);
    expect(pages.flatMap(({ words }) => words).filter(({ text }) => text.endsWith('x…')).length).to.be.above(0);
  });

  it('reads right to left as it should: the first word stands at the right', async () => {
    const list = await shippedList('blocked');
    const [page] = await readPdf(
      await rendered(createPdf(), headOf(list), [aLine(list, { Name: RIGHT_TO_LEFT[1] ?? '' })]),
    );
    const wordOf = (name: string) => page?.words.find(({ text }) => letters(text) === letters(name));
    const [first, second] = RIGHT_TO_LEFT[1]?.split(' ').map(wordOf) ?? [];
    expect(first?.xMin).to.be.above(second?.xMax ?? Number.POSITIVE_INFINITY);
  });

  it('is the same, byte for byte, beside and after others that share its fonts', async () => {
    const list = await shippedList('statement-leefloon');
    const names = ['Élodie Vandenbroucke', 'Łukasz Żółć', 'Ελένη', 'Straßer'];
    const printed = (pdf: ReturnType<typeof createPdf>, Name: string) =>
      rendered(pdf, headOf(list), [aLine(list, { Name })]);
    const alone = await Promise.all(names.map((name) => printed(createPdf(), name)));
    const shared = createPdf();
    const beside = await Promise.all(names.map((name) => printed(shared, name)));
    const after = [];
    for (const name of names) after.push(await printed(shared, name));
    expect(beside.map((bytes, index) => alone[index]?.equals(bytes))).to.deep.equal(names.map(() => true));
    expect(after.map((bytes, index) => alone[index]?.equals(bytes))).to.deep.equal(names.map(() => true));
  });

  it('has a page for a list of nothing, and comes out the same when it is made again', async () => {
    const list = await shippedList('statement-leefloon');
    const made = await Promise.all([rendered(createPdf(), headOf(list), []), rendered(createPdf(), headOf(list), [])]);
    expect(made[0]?.equals(made[1] ?? Buffer.alloc(0))).to.equal(true);
    const pages = await readPdf(made[0] ?? Buffer.alloc(0));
    expect(pages.map(({ text }) => /Pagina 1 van 1/.test(text))).to.deep.equal([true]);
  });
});
