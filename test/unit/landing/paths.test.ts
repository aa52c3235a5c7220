import { expect } from 'chai';
import { placeOf, stepsOf } from '../../../engine/landing/paths.ts';

describe('SFTP paths', () => {
  const places: Record<string, object> = {
    '': { kind: 'root' },
    '/': { kind: 'root' },
    '.': { kind: 'root' },
    '..': { kind: 'root' },
    '/../../..': { kind: 'root' },
    '/IN/..': { kind: 'root' },
    '/IN': { kind: 'folder', folder: 'IN' },
    'IN/': { kind: 'folder', folder: 'IN' },
    '//IN//.': { kind: 'folder', folder: 'IN' },
    '/INTEST-S': { kind: 'folder', folder: 'INTEST-S' },
    '/IN/FI.A': { kind: 'file', folder: 'IN', name: 'FI.A' },
    'OUT/../IN/FI.A': { kind: 'file', folder: 'IN', name: 'FI.A' },
    '/IN/...': { kind: 'file', folder: 'IN', name: '...' },
    '/IN2': { kind: 'nowhere' },
    '/I': { kind: 'nowhere' },
    '/in/FI.A': { kind: 'nowhere' },
    '/IN\u0000': { kind: 'refused' },
    '/IN/a/b': { kind: 'nowhere' },
    '/etc/passwd': { kind: 'nowhere' },
    '/IN ': { kind: 'nowhere' },
  };
  for (const [path, place] of Object.entries(places)) {
    it(`take ${JSON.stringify(path)} for ${JSON.stringify(place)}`, () => {
      const action = () => placeOf(Buffer.from(path));
      if ((place as { kind: string }).kind === 'refused') expect(action).to.throw(/NUL/);
      else expect(action()).to.deep.equal(place);
    });
  }

  it('are refused when they are not UTF-8, or too long', () => {
    expect(() => placeOf(Buffer.from([0x2f, 0xff]))).to.throw(/UTF-8/);
    expect(() => placeOf(Buffer.alloc(5_000, 'a'))).to.throw(/too long/);
  });

  it('lose every dot and empty step', () => {
    expect(stepsOf(Buffer.from('/a/./b//../c/'))).to.deep.equal(['a', 'c']);
  });
});
