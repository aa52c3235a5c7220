/** Runs work that is to end when its signal aborts. */
export type TimeLimit = <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T>;

/**
 * Creates a limit of `maxMs` on each piece of work: its signal aborts then, or when `parent` does. After `maxMs` it
 * rejects even when the work goes on; after an abort of `parent` it waits for the work.
 */
export function createTimeLimit(parent: AbortSignal, maxMs: number): TimeLimit {
  const inHand = new Set<AbortController>(); // one listener on `parent`, not one for each piece of work
  const abortAll = () => {
    for (const each of inHand) each.abort(parent.reason);
  };
  parent.addEventListener('abort', abortAll, { once: true });

  return async (work) => {
    parent.throwIfAborted();
    const own = new AbortController();
    inHand.add(own);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new Error(`not finished within ${Math.round(maxMs / 1_000)} s`);
        own.abort(error);
        reject(error);
      }, maxMs);
    });
    try {
      return await Promise.race([work(own.signal), late]);
    } finally {
      clearTimeout(timer);
      inHand.delete(own);
    }
  };
}
