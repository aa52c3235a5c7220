/**
 * Shares the outcome of `work`: whoever asks while it runs waits for the same run, and a result counts for `forMs`
 * from its start. A failure is shared by those who waited for it and then forgotten.
 */
export function freshFor<T>(forMs: number, work: () => Promise<T>, nowMs = () => performance.now()): () => Promise<T> {
  let last: { readonly at: number; readonly result: Promise<T> } | undefined;
  let running = false;

  function run(): Promise<T> {
    running = true;
    const result = work();
    const mine = { at: nowMs(), result };
    last = mine;
    result
      .catch(() => {
        last = undefined;
      })
      .finally(() => {
        running = false;
      });
    return result;
  }

  return () => (last && (running || nowMs() - last.at < forMs) ? last.result : run());
}
