/** A number of places; who finds none free waits for one, first come first served. */
export interface Window {
  enter(): Promise<void>;
  leave(): void;
}

/** Creates a window with `size` places. */
export function createWindow(size: number): Window {
  const waiting: (() => void)[] = [];
  let free = size;

  return {
    async enter() {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
    },
    leave() {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    },
  };
}
