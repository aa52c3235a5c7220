import { mutate, seededRandom } from '../support/cms-mutations.ts';
import type { FuzzTarget } from './target.ts';

type Random = () => number;

const MAX_INPUT = 512 * 1024;
const below = (random: Random, limit: number) => Math.floor(random() * limit);

/** The input of a turn: it depends on the seed, the turn and the samples alone. */
export function inputOf(target: FuzzTarget, samples: readonly Buffer[], seed: number, turn: number): Buffer {
  const random = seededRandom(mixed(seed, turn));
  let input = samples[below(random, samples.length)] ?? Buffer.alloc(0);
  for (let left = below(random, 4); left > 0; left -= 1) {
    input = random() < 0.5 && input.length > 0 ? mutate(input, random, samples) : grown(input, target.words, random);
  }
  return input.subarray(0, MAX_INPUT);
}

/** Neighbouring turns must not be neighbours in chance. */
function mixed(seed: number, turn: number): number {
  const mix = Math.imul(turn + 1, 0x9e37_79b1) ^ Math.imul(seed + 1, 0x85eb_ca77);
  return (mix ^ (mix >>> 15)) >>> 0;
}

/** Puts a word in, over something, or many times: most readers break at a length or at a meaning, not at a random byte. */
function grown(input: Buffer, words: readonly Buffer[], random: Random): Buffer {
  const word = words[below(random, words.length)] ?? Buffer.alloc(1);
  const at = below(random, input.length + 1);
  const times = random() < 0.1 ? 1 + below(random, 5_000) : 1;
  const piece = Buffer.concat(Array.from({ length: times }, () => word));
  const after = random() < 0.5 ? at : at + piece.length;
  return Buffer.concat([input.subarray(0, at), piece, input.subarray(after)]);
}
