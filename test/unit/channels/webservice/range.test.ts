import { expect } from 'chai';
import { readRange } from '../../../../channels/webservice/range.ts';

describe('readRange', () => {
  const part = (start: number, end: number) => ({ kind: 'part', start, end });

  for (const [header, expected] of [
    [undefined, { kind: 'whole' }],
    ['bytes=0-', part(0, 9)],
    ['bytes=2-4', part(2, 4)],
    ['bytes=2-2', part(2, 2)],
    ['bytes=2-100', part(2, 9)],
    ['bytes=-3', part(7, 9)],
    ['bytes=-100', part(0, 9)],
    ['bytes=10-', { kind: 'none' }],
    ['bytes=-0', { kind: 'none' }],
    ['bytes=4-2', { kind: 'whole' }],
    ['bytes=-', { kind: 'whole' }],
    ['bytes=0-1,3-4', { kind: 'whole' }],
    ['bytes=a-b', { kind: 'whole' }],
    ['items=0-1', { kind: 'whole' }],
    [`bytes=${'9'.repeat(40)}-`, { kind: 'whole' }],
  ] as const) {
    it(`reads ${header} of 10 bytes as ${JSON.stringify(expected)}`, () => {
      expect(readRange(header, 10)).to.deep.equal(expected);
    });
  }

  it('has no part of an empty file', () => {
    expect(readRange('bytes=0-', 0)).to.deep.equal({ kind: 'none' });
    expect(readRange('bytes=-5', 0)).to.deep.equal({ kind: 'none' });
  });
});
