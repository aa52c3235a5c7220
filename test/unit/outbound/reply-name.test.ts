import { expect } from 'chai';
import { replySequence, replyStem } from '../../../engine/outbound/reply-name.ts';

describe('names of replies', () => {
  it('counts in five digits, then with a letter first', () => {
    expect([1, 99_999, 100_000, 100_001, 100_036].map(replySequence)).to.deep.equal([
      '00001',
      '99999',
      'A0000',
      'A0001',
      'A0010',
    ]);
  });

  it('ends at ZZZZZ and says so', () => {
    expect(replySequence(99_999 + 26 * 36 ** 4)).to.equal('ZZZZZ');
    expect(() => replySequence(100_000 + 26 * 36 ** 4)).to.throw(RangeError);
  });

  it('carries the sender number of social security', () => {
    expect(replyStem('ACRF', '20261122', 7, 'R')).to.equal('ACRF.999999.20261122.00007.R');
  });
});
