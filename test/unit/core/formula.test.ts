import { expect } from 'chai';
import { plainCell, safeCell } from '../../../engine/core/formula.ts';

describe('formulas in cells', () => {
  it('puts an apostrophe before what a spreadsheet would obey, and takes it away again', () => {
    for (const text of ['=1+1', '-1', '+1', '@x', '\t=1', '\r=1', '＝1', '＋1', '－1', '＠x']) {
      expect(safeCell(text), JSON.stringify(text)).to.equal(`'${text}`);
      expect(plainCell(safeCell(text))).to.equal(text);
    }
  });

  it('leaves every other text alone, one with an apostrophe too', () => {
    for (const text of ['', 'plain', '1-1', "it's", "'s Gravenwezel", "'"]) {
      expect(safeCell(text)).to.equal(text);
      expect(plainCell(text)).to.equal(text);
    }
  });
});
