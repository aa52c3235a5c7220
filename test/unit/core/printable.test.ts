import { expect } from 'chai';
import { printable } from '../../../engine/core/printable.ts';

describe('printable', () => {
  it('shows every character that a terminal or a reader of logs would obey as its number', () => {
    expect(printable('a\r\nb\u001b[2J\u009b\u202e\u2028\ud800')).to.equal(
      'a\\u{d}\\u{a}b\\u{1b}[2J\\u{9b}\\u{202e}\\u{2028}\\u{d800}',
    );
  });

  it('shows no INSS number, however it is written', () => {
    for (const number of ['85073003328', '85.07.30-033.28', '85 07 30 033 28']) {
      expect(printable(`FI_${number}.xml`)).to.equal('FI_***.xml');
    }
  });

  it('leaves the names of the protocol as they are, and cuts what is long', () => {
    for (const name of ['FI.DMFA.123456.20140628.00001.R.1.1', 'GO.DIMN.006400.20261126.99999.T.9', 'x.part']) {
      expect(printable(name)).to.equal(name);
    }
    expect(printable('x'.repeat(1_000))).to.have.length(300);
  });
});
