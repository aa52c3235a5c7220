import { expect } from 'chai';
import { loadConfig } from '../../../../config/load.ts';
import { csv } from '../../../../engine/lists/render/csv.ts';
import { LANGUAGES } from '../../../../engine/registry/organisations.ts';
import { aRow, NAMES } from '../../../support/list-rows.ts';
import { aHead, aLine, rendered } from '../../../support/lists.ts';
import { NASTY_TEXTS } from '../../../support/nasty-texts.ts';
import { openedInCalc } from '../../../support/spreadsheet.ts';

const TEXTS = [...NAMES, ...NASTY_TEXTS, '=HYPERLINK("http://x";"y")', '＝1', '＋1', '－1', '＠x', '=', ';', '"'];
const LISTS = Object.values((await loadConfig(undefined, {})).lists);

describe('lists: CSV, as LibreOffice opens it', function () {
  this.timeout(120_000);

  it('has a cell for each column, numbers that are numbers, and no formula, for every list in every language', async () => {
    const all = LISTS.flatMap((list) => LANGUAGES.map((language) => ({ list, head: aHead(list, { language }) })));
    const files = await Promise.all(
      all.map(({ list, head }) =>
        rendered(
          csv,
          head,
          TEXTS.map((_, at) => aLine(list, aRow(list, at, TEXTS), at % 4 === 0 ? '2026-02' : '')),
        ),
      ),
    );
    for (const [at, rows] of (await openedInCalc(files)).entries()) {
      const { list, head } = all[at] ?? expect.fail('one sheet for each file');
      const columns = list.columns.filter(({ notIn }) => !notIn.includes('csv'));
      const [titles = [], ...lines] = rows;
      expect(titles.slice(0, columns.length).map(({ text }) => text)).to.deep.equal(
        columns.map(({ texts }) => texts[head.language]),
      );
      expect(lines.length).to.equal(TEXTS.length);
      for (const line of lines) {
        expect(line.length).to.equal(columns.length + 1);
        expect(line.filter(({ formula }) => formula !== undefined)).to.deep.equal([]);
      }
      for (const [place, { type }] of columns.entries())
        if (type === 'amount')
          expect(lines.map((line) => line[place]?.number)).to.deep.equal(
            TEXTS.map((_, row) => String((99_900_000 + row) / 100)),
          );
    }
  });

  it('would compute what is not made safe', async () => {
    const [[cells = []] = []] = await openedInCalc([Buffer.from("=1+1;'=1+1;12,50;+32\r\n")]);
    expect(cells.map(({ formula }) => formula)).to.deep.equal(['of:=1+1', undefined, undefined, undefined]);
    expect(cells.map(({ number }) => number)).to.deep.equal(['2', undefined, '12.5', '32']);
  });
});
