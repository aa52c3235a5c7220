const FIRST_SIZE = 1024;
const HIGH = 2 ** 32;

/** Remembers pairs of a group and an eleven-digit number in 8 bytes each, so that millions fit. */
export interface InssSet {
  /** False when the pair was there already. Groups run from 0 to 2^26. */
  add(group: number, inss: number): boolean;
}

/** An empty set; it doubles when it is two thirds full. */
export function createInssSet(): InssSet {
  let low = new Uint32Array(FIRST_SIZE);
  let high = new Uint32Array(FIRST_SIZE);
  let count = 0;

  function grow(): void {
    const [oldLow, oldHigh] = [low, high];
    low = new Uint32Array(oldLow.length * 2);
    high = new Uint32Array(oldLow.length * 2);
    for (let at = 0; at < oldLow.length; at++) {
      if (oldHigh[at] !== 0) insert(low, high, oldLow[at] as number, oldHigh[at] as number);
    }
  }

  return {
    add(group, inss) {
      if (count * 3 > low.length * 2) grow();
      // the highest bits of the number take five; one is added so that no pair is 0, which marks a free place
      const added = insert(low, high, inss >>> 0, (group + 1) * 32 + Math.floor(inss / HIGH));
      if (added) count++;
      return added;
    },
  };
}

function insert(low: Uint32Array, high: Uint32Array, a: number, b: number): boolean {
  const mask = low.length - 1;
  let at = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  at = (at ^ (at >>> 15)) & mask;
  while (high[at] !== 0) {
    if (low[at] === a && high[at] === b) return false;
    at = (at + 1) & mask;
  }
  low[at] = a;
  high[at] = b;
  return true;
}
