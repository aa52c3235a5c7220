import { expect } from 'chai';
import { fuzz } from './fuzz.ts';

const module = new URL('./broken-targets.js', import.meta.url);
const seconds = 2;

describe('the fuzzer', function () {
  this.timeout(60_000);

  const faults: Record<string, RegExp> = {
    throws: /undefined is not a function/,
    'throws later': /nobody catches this/,
    loops: /took longer than 500 ms/,
    'never settles': /took longer than 500 ms|never came to an end/,
  };
  for (const [name, why] of Object.entries(faults)) {
    it(`finds a reader that ${name}, and gives an input that shows it again`, async () => {
      const found = await fuzz({ module, name, seed: 5, seconds, patienceMs: 500 });
      if (found.kind !== 'found') throw new Error('nothing was found');
      expect(found.why).to.match(why);
      if (name !== 'throws later') expect(found.input.toString('latin1')).to.match(/^bad/);
      if (name !== 'throws') return;
      const again = await fuzz({ module, name, seed: 5, seconds });
      expect(again).to.deep.include({ turn: found.turn, input: found.input });
      expect(await fuzz({ module, name, seed: 0, seconds, input: found.input })).to.include({ kind: 'found' });
    });
  }

  it('finds a reader whose memory grows', async () => {
    const found = await fuzz({ module, name: 'grows', seed: 5, seconds });
    expect(found).to.include({ kind: 'found' });
    expect(found)
      .to.have.property('why')
      .that.matches(/memory grew by/);
  });

  it('finds nothing in one that works', async () => {
    expect(await fuzz({ module, name: 'works', seed: 5, seconds: 1 })).to.include({ kind: 'clean' });
  });
});
