/** A line in which owners take turns; what one owner puts in keeps its order. */
export interface FairQueue<T> {
  push(owner: object, item: T): void;
  /** Takes the first item of the owner whose turn it is. */
  shift(): T | undefined;
  /** Takes everything. */
  clear(): T[];
}

/** An empty line: whoever puts in many items delays another by at most one item for each turn. */
export function createFairQueue<T>(): FairQueue<T> {
  // a Map keeps the order of the turns: who was served is put in again, at the end
  const lines = new Map<object, T[]>();
  return {
    push(owner, item) {
      const line = lines.get(owner);
      if (line) line.push(item);
      else lines.set(owner, [item]);
    },
    shift() {
      const [first] = lines;
      if (!first) return undefined;
      const [owner, line] = first;
      lines.delete(owner);
      const item = line.shift();
      if (line.length > 0) lines.set(owner, line);
      return item;
    },
    clear() {
      const all = [...lines.values()].flat();
      lines.clear();
      return all;
    },
  };
}
