import { expect } from 'chai';
import { aDeclaration } from '../../support/declarations.ts';
import { MUTATION_KINDS, mutationsOf } from '../../support/mutations.ts';

const NOW = new Date('2026-03-01T21:04:05.067Z');
const SOURCE = aDeclaration({ now: NOW, forms: [{ persons: 5 }] });

describe('mutations of a declaration', () => {
  it('are the same for the same seed and others for another', () => {
    const [first, again, other] = [7, 7, 8].map((seed) => mutationsOf(SOURCE, seed, 100));
    expect(first).to.deep.equal(again);
    expect(first).to.not.deep.equal(other);
  });

  it('come in every kind', () => {
    const kinds = mutationsOf(SOURCE, 1, MUTATION_KINDS.length).map(({ kind }) => kind);
    expect(kinds).to.deep.equal([...MUTATION_KINDS]);
  });

  it('almost always change something', () => {
    const mutations = mutationsOf(SOURCE, 3, 10 * MUTATION_KINDS.length);
    const changed = mutations.filter(({ bytes }) => !bytes.equals(Buffer.from(SOURCE)));
    expect(changed.length / mutations.length).to.be.at.least(0.9);
  });

  it('can be limited to the functional ones', () => {
    const [duplicate, owed] = mutationsOf(SOURCE, 2, 2, ['duplicateInss', 'netOwedOff']).map(({ bytes }) =>
      bytes.toString(),
    );
    const numbers = [...(duplicate ?? '').matchAll(/<INSS>(\d+)</g)].map((match) => match[1]);
    expect(new Set(numbers).size).to.equal(4);
    expect(owed).to.match(/<NetOwedAmount>\d{15}</);
    expect(owed).to.not.equal(SOURCE);
  });
});
