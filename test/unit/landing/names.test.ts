import { expect } from 'chai';
import { EngineError } from '../../../engine/core/errors.ts';
import { checkedName } from '../../../engine/landing/names.ts';

describe('checkedName', () => {
  const good = [
    'FI.DMFA.006400.20140628.00001.R.1.1',
    'a',
    'é'.repeat(127),
    'x'.repeat(255),
    'a.',
    'a ',
    ' a',
    '.part',
    'a;b',
    '%00',
  ];
  for (const name of good) {
    it(`takes ${JSON.stringify(name.slice(0, 40))} (${Buffer.byteLength(name)} bytes)`, () => {
      expect(checkedName(name)).to.equal(name.normalize('NFC'));
    });
  }

  const bad = {
    empty: '',
    'one dot': '.',
    'two dots': '..',
    '256 bytes': 'x'.repeat(256),
    '256 bytes in 128 letters': 'é'.repeat(128),
    slash: 'a/b',
    backslash: 'a\\b',
    NUL: 'a\0b',
    'line feed': 'a\nb',
    'carriage return': 'a\rb',
    escape: 'a\u001b[31m',
    'a C1 control': 'a\u009bb',
    'text direction': 'a\u202eb',
    'line separator': 'a\u2028b',
    'leading hyphen': '-rf',
    'half a surrogate pair': 'a\ud800',
    'replacement character': 'a\ufffd',
  };
  for (const [what, name] of Object.entries(bad)) {
    it(`refuses ${what} with a sentence that does not repeat the name`, () => {
      const error = catchError(() => checkedName(name));
      expect(error).to.be.instanceOf(EngineError);
      expect(error).to.include({ code: 'name_invalid' });
      expect((error as EngineError).message).to.match(/^the file name is refused: it /);
    });
  }

  it('makes one name of both Unicode forms of a letter', () => {
    expect(checkedName('e\u0301')).to.equal('\u00e9');
  });
});

function catchError(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
