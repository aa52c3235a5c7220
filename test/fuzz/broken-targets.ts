import type { FuzzTarget, FuzzTargets } from './target.ts';

const kept: Buffer[] = [];
let reads = 0;

/** Reads inputs that begin with `bad` in a way that must be found. */
function broken(read: (input: Buffer) => void | Promise<void>): FuzzTarget {
  return {
    samples: async () => [Buffer.from('good'), Buffer.from('food')],
    words: [Buffer.from('b'), Buffer.from('bad')],
    open: async () => ({
      run: (input) => (input.toString('latin1').startsWith('bad') ? read(input) : undefined),
      close: async () => undefined,
    }),
  };
}

/** Readers with faults, for the test of the fuzzer itself. */
export const TARGETS: FuzzTargets = {
  throws: broken(() => {
    throw new TypeError('undefined is not a function');
  }),
  'throws later': broken(() => {
    setImmediate(() => {
      throw new TypeError('nobody catches this');
    });
  }),
  loops: broken(() => {
    for (;;);
  }),
  'never settles': broken(() => new Promise(() => undefined)),
  grows: { ...broken(() => undefined), open: async () => ({ run: keep, close: async () => undefined }) },
  works: broken(() => undefined),
};

function keep(): void {
  reads += 1;
  if (reads % 100 === 0 && kept.length < 1_000) kept.push(Buffer.alloc(256 * 1024, 1));
}
