import { expect } from 'chai';
import { suggestionFor } from '../../../engine/core/suggest.ts';

describe('suggestionFor', () => {
  const known = ['port', 'host', 'connections', 'connectionsPerSender'];

  for (const [text, word] of [
    ['prot', 'port'],
    ['Host', 'host'],
    ['conections', 'connections'],
    ['connectionPerSender', 'connectionsPerSender'],
  ] as const) {
    it(`takes ${text} for ${word}`, () => expect(suggestionFor(text, known)).to.equal(word));
  }

  it('says nothing when nothing is near', () => {
    expect(suggestionFor('colour', known)).to.equal(undefined);
    expect(suggestionFor('x', known)).to.equal(undefined);
    expect(suggestionFor('port', [])).to.equal(undefined);
  });
});
