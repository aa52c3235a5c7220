import { expect } from 'chai';
import { isInTime, newTemporaryPassword, userPasswordFault } from '../../../engine/registry/user-passwords.ts';

const faultOf = (password: string) => userPasswordFault(password, 'u7k3m9p2q');

describe('passwords of people', () => {
  it('have ten characters, two of them digits or special ones', () => {
    expect(faultOf('abcdefg12')).to.equal('it has 9 characters');
    expect(faultOf('geitenwol1')).to.equal('it has fewer than two digits or special characters');
    expect(faultOf('geiten wollen sok')).to.equal('it has fewer than two digits or special characters');
    for (const good of ['geitenwol12', 'geitenwol1;', 'geiten(wol)', 'ééééôôôôab12', "geiten;:=?./+*$%><&@#'(!{})-"]) {
      expect(faultOf(good), good).to.equal(undefined);
    }
    expect(faultOf('geitenwol12\u0000')).to.equal('it holds a control character');
    expect(faultOf('a1'.repeat(129))).to.equal('it has 258 characters');
  });

  it('are none that everybody tries, whatever stands around it or for its letters', () => {
    const bad = [
      'Wachtwoord12',
      'wachtwoord2026!',
      '!!password!!',
      'P@ssw0rd2026',
      'motdepasse..',
      'Azertyuiop12',
      '1234567890',
      '0987654321',
    ];
    for (const one of [...bad, '1111111111', 'qwertyuiop!!', 'voetbal2026', 'Bruxelles1000', 'welkomwelkom12']) {
      expect(faultOf(one), one).to.equal('it is a well-known password');
    }
    expect(faultOf('mijn U7K3M9P2Q 12')).to.equal('it holds the user name');
  });

  it('that are temporary satisfy the policy, and differ', () => {
    const made = Array.from({ length: 200 }, newTemporaryPassword);
    expect(made.map(faultOf).filter((fault) => fault !== undefined)).to.deep.equal([]);
    expect(new Set(made).size).to.equal(200);
  });

  it('that are temporary live for thirty days, to the millisecond', () => {
    const setAt = new Date('2026-03-01T09:00:00.000Z');
    const later = (ms: number) => new Date(setAt.getTime() + 30 * 86_400_000 + ms);
    const stored = { hash: '', setAt, kind: 'temporary' } as const;
    expect([isInTime(stored, later(-1)), isInTime(stored, later(0))]).to.deep.equal([true, false]);
    expect(isInTime({ ...stored, kind: 'own' }, later(1e12))).to.equal(true);
  });
});
