/** Work of which only so much is done at a time in this process. */
export interface Turns {
  /** Does the work when it has its turn, first come, first served. Rejects, and does nothing, when `signal` aborts before. */
  inTurn<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** Creates turns for `atATime` pieces of work at a time. */
export function createTurns(atATime: number): Turns {
  let free = atATime;
  const waiting = new Set<() => void>();

  async function begin(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (free > 0) {
      free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        waiting.delete(begun);
        reject(signal.reason);
      };
      const begun = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      waiting.add(begun);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  function end(): void {
    const [next] = waiting;
    if (!next) {
      free += 1;
      return;
    }
    waiting.delete(next);
    next();
  }

  return {
    async inTurn(work, signal) {
      await begin(signal);
      try {
        return await work();
      } finally {
        end();
      }
    },
  };
}
