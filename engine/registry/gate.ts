/** Lets so many in at once; the others wait in line. Gives what each calls when it leaves. */
export function createGate(places: number): () => Promise<() => void> {
  const waiting: (() => void)[] = [];
  let free = places;

  function leave(): void {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  }

  return async () => {
    if (free > 0) free -= 1;
    else await new Promise<void>((go) => waiting.push(go));
    return leave;
  };
}
