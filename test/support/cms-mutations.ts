/** A generator of numbers in [0, 1) that always gives the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Mutation = (bytes: Buffer, random: () => number, others: readonly Buffer[]) => Buffer;

const below = (random: () => number, limit: number) => Math.floor(random() * limit);

/** Octets that mean something to an ASN.1 reader: tags, length forms, end-of-contents. */
const INTERESTING = [0x00, 0x02, 0x04, 0x05, 0x06, 0x24, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xa1, 0xff];

const flipBit: Mutation = (bytes, random) => {
  const copy = Buffer.from(bytes);
  copy[below(random, copy.length)]! ^= 1 << below(random, 8);
  return copy;
};

const setOctet: Mutation = (bytes, random) => {
  const copy = Buffer.from(bytes);
  copy[below(random, copy.length)] = INTERESTING[below(random, INTERESTING.length)]!;
  return copy;
};

const insert: Mutation = (bytes, random) => {
  const at = below(random, bytes.length + 1);
  const count = 1 + below(random, 4);
  const octets = Array.from({ length: count }, () => (random() < 0.5 ? below(random, 256) : 0));
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(octets), bytes.subarray(at)]);
};

const remove: Mutation = (bytes, random) => {
  const at = below(random, bytes.length);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(random, 8))]);
};

const repeat: Mutation = (bytes, random) => {
  const from = below(random, bytes.length);
  const to = from + 1 + below(random, 64);
  return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
};

/** Adds one to, or takes one from, an octet: what a wrong length looks like. */
const nudge: Mutation = (bytes, random) => {
  const copy = Buffer.from(bytes);
  const at = below(random, copy.length);
  copy[at] = (copy[at]! + (random() < 0.5 ? 1 : 255)) & 0xff;
  return copy;
};

const splice: Mutation = (bytes, random, others) => {
  const other = others[below(random, others.length)]!;
  const at = below(random, Math.min(bytes.length, other.length));
  return Buffer.concat([bytes.subarray(0, at), other.subarray(at)]);
};

const truncate: Mutation = (bytes, random) => bytes.subarray(0, below(random, bytes.length));

const MUTATIONS: readonly Mutation[] = [flipBit, setOctet, insert, remove, repeat, nudge, splice, truncate];

/** Changes one of the given files at random, once to three times; `others` are what pieces are spliced in from. */
export function mutate(bytes: Buffer, random: () => number, others: readonly Buffer[]): Buffer {
  let changed = bytes;
  for (let left = 1 + below(random, 3); left > 0 && changed.length > 0; left--) {
    changed = MUTATIONS[below(random, MUTATIONS.length)]!(changed, random, others);
  }
  return changed;
}
