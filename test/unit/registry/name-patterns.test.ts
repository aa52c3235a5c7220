import { expect } from 'chai';
import { isNameAllowed } from '../../../engine/registry/name-patterns.ts';

describe('isNameAllowed', () => {
  const table: readonly (readonly [pattern: string, name: string, allowed: boolean])[] = [
    ['DmfAOriginal', 'DmfAOriginal', true],
    ['DmfAOriginal', 'DmfAOriginal2', false],
    ['DmfAOriginal', 'xDmfAOriginal', false],
    ['DmfAOriginal_{quarter}.xsd', 'DmfAOriginal_20231.xsd', true],
    ['DmfAOriginal_{quarter}.xsd', 'DmfAOriginal_2023.xsd', false],
    ['DmfAOriginal_{quarter}.xsd', 'DmfAOriginal_20231xxsd', false],
    ['*', 'WECH001', true],
    ['*', 'a b', false],
    ['*', '../x', false],
    ['*_{quarter}.xsd', 'WECH001_20231.xsd', true],
    ['*_{quarter}.xsd', '../WECH001_20231.xsd', false],
    ['*_{quarter}.xsd', 'WECH001_20231.xsd\n', false],
    ['WECH*', 'WECH001', true],
    ['WECH*', 'ZIMA001', false],
  ];
  for (const [pattern, name, allowed] of table) {
    it(`${allowed ? 'takes' : 'refuses'} ${JSON.stringify(name)} for ${pattern}`, () => {
      expect(isNameAllowed([pattern], name)).to.equal(allowed);
    });
  }

  it('takes a name that any of the patterns takes', () => {
    expect(isNameAllowed(['A', 'B*'], 'B1')).to.equal(true);
    expect(isNameAllowed([], 'B1')).to.equal(false);
  });

  it('does not take longer for a hostile name', () => {
    const started = process.hrtime.bigint();
    isNameAllowed(['****_{quarter}.xsd', '*a*a*a.xsd'], `${'a'.repeat(250)}!`);
    expect(Number(process.hrtime.bigint() - started) / 1e6).to.be.lessThan(500);
  });
});
