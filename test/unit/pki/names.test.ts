import { expect } from 'chai';
import { readDer } from '../../../engine/core/ber.ts';
import { nameKey } from '../../../engine/pki/names.ts';
import { type NamePart, writeName } from '../../support/certificate-writer.ts';

const key = (...parts: NamePart[]) => nameKey(readDer(writeName(parts)));
const cn = (text: string, as?: NamePart['as']): NamePart => ({ type: '2.5.4.3', text, ...(as && { as }) });

describe('nameKey', () => {
  it('is the same for names that RFC 5280 §7.1 holds to be equal', () => {
    for (const same of [
      cn('good ca'),
      cn(' GOOD   CA '),
      cn('Good CA', 'printable'),
      cn('Good CA', 'bmp'),
      cn('Go\u00adod CA'),
    ])
      expect(key(same)).to.equal(key(cn('Good CA')));
    expect(key(cn('\u00c5ngstr\u00f6m'))).to.equal(key(cn('A\u030angstro\u0308m')));
  });

  it('is another for other names', () => {
    const all = [
      [cn('Good CA')],
      [cn('GoodCA')],
      [cn('Good'), cn('CA')],
      [{ ...cn('Good CA'), type: '2.5.4.10' }],
      [cn('Good CA\n2.5.4.3="x"')],
      [cn('Good CA'), cn('')],
      [],
    ].map((parts) => key(...parts));
    expect(new Set(all).size).to.equal(all.length);
  });

  it('is not made of what is no text', () => {
    const damaged = writeName([cn('xx')]);
    damaged[damaged.length - 1] = 0xff;
    expect(() => nameKey(readDer(damaged))).to.throw('a name is not in the encoding it claims');
    expect(() => key(cn('a', 'bmp'))).to.not.throw();
  });
});
