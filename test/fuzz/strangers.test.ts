import { expect } from 'chai';
import { fuzz } from './fuzz.ts';
import { TARGETS } from './targets.ts';

const SECONDS = Number(process.env['BODE_FUZZ_SECONDS'] ?? 60);
const SEED = Number(process.env['BODE_FUZZ_SEED'] ?? Date.now() % 1_000_000);
const LEAST_A_SECOND = 10; // a target that reads hardly any proves nothing

describe(`what strangers send, damaged, seed ${SEED}`, function () {
  const names = Object.keys(TARGETS);
  const seconds = SECONDS / names.length;
  this.timeout((seconds + 60) * 1_000);

  for (const name of names) {
    it(`as ${name} crashes nothing, hangs nothing and leaves nothing`, async () => {
      const result = await fuzz({ module: new URL('./targets.js', import.meta.url), name, seed: SEED, seconds });
      if (result.kind === 'found') {
        expect.fail(`seed ${SEED}, turn ${result.turn}, ${result.why}\n--input ${result.input.toString('hex')}`);
      }
      expect(result.inputs).to.be.at.least(seconds * LEAST_A_SECOND);
    });
  }
});
