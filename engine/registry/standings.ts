/** What a process knows of the scores for a moment, so that a flood of connections is no flood of reads. */
export interface Standings<T> {
  /** What is known, or else what `read` says; whoever asks meanwhile waits for the same answer. */
  of(key: string, read: () => Promise<T>): Promise<T>;
  /** What this process has just found out. */
  set(key: string, standing: T): void;
}

export interface StandingsOptions {
  /** How long an answer counts. */
  readonly lifeMs: number;
  /** How many are kept; the oldest go first. */
  readonly size: number;
  readonly nowMs: () => number;
}

/** Starts knowing nothing. An answer that failed is not kept. */
export function createStandings<T>({ lifeMs, size, nowMs }: StandingsOptions): Standings<T> {
  const known = new Map<string, { readonly at: number; readonly answer: Promise<T> }>();

  function keep(key: string, answer: Promise<T>): Promise<T> {
    const mine = { at: nowMs(), answer };
    known.delete(key);
    known.set(key, mine);
    answer.catch(() => {
      if (known.get(key) === mine) known.delete(key);
    });
    const [oldest] = known.keys();
    if (known.size > size && oldest !== undefined) known.delete(oldest);
    return answer;
  }

  return {
    of(key, read) {
      const found = known.get(key);
      return found && nowMs() - found.at < lifeMs ? found.answer : keep(key, read());
    },
    set: (key, standing) => void keep(key, Promise.resolve(standing)),
  };
}
