import { expect } from 'chai';
import { factsWithoutInss, hideInss, inssMarkOf } from '../../../engine/store/audit-inss.ts';

const mark = inssMarkOf(Buffer.alloc(32, 1));
const hidden = (text: string) => hideInss(text, () => '<>');

describe('INSS numbers in the audit', () => {
  it('are found with and without separators, with wrong check digits too', () => {
    for (const text of ['85073003328', '85.07.30-033.28', '85/07/30 033 28', '850730-033.28', '85073003399']) {
      expect(hidden(`of ${text}, said`)).to.equal('of <>, said');
    }
    expect(hidden('FI_85073003328.xml 85073003328')).to.equal('FI_<>.xml <>');
    expect(hidden('INSS85073003328')).to.equal('INSS<>');
  });

  it('are not seen in what the engine writes', () => {
    const texts = [
      'FO.ACRF.999999.20261122.00001.R',
      'DMFA.123456.20260601.00001.R.1.1',
      '0206731645:03804UDVFMW3Z-1',
      '2026-11-22T10:00:00.000Z',
      '1790000000000',
      `f${'85073003328'}${'a'.repeat(52)}`,
      '03804UDVFMW3Z',
      '19.4.55',
    ];
    for (const text of texts) expect(hidden(text)).to.equal(text);
  });

  it('become the same mark however they are written, another with another key, and no plain hash', () => {
    expect(hideInss('85.07.30-033.28', mark)).to.equal(hideInss('85073003328', mark));
    expect(hideInss('85073003328', mark)).to.match(/^inss:[0-9a-f]{16}$/);
    expect(hideInss('85073003329', mark)).not.to.equal(hideInss('85073003328', mark));
    expect(hideInss('85073003328', inssMarkOf(Buffer.alloc(32, 2)))).not.to.equal(hideInss('85073003328', mark));
  });

  it('are replaced wherever they stand in facts; counts stay', () => {
    const facts = { people: [{ inss: '85073003328' }], number: 85_073_003_328, bytes: 12_345_678_901, none: undefined };
    expect(factsWithoutInss(facts, () => '<>')).to.equal(
      '{"people":[{"inss":"<>"}],"number":"<>","bytes":12345678901}',
    );
  });
});
