/** Runs works, at most `most` at a time; the others wait in the order in which they came. */
export function createPlaces(most: number): (work: () => Promise<void>) => Promise<void> {
  const waiting: (() => void)[] = [];
  let taken = 0;

  return async (work) => {
    if (taken >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else taken += 1;
    try {
      await work();
    } finally {
      const next = waiting.shift();
      if (next)
        next(); // hands its place on
      else taken -= 1;
    }
  };
}
