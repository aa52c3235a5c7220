import { readFile, stat } from 'node:fs/promises';

/** Makes something of a schema file once, and again when the file has changed. */
export function createSchemaCache<T>(
  make: (text: Buffer) => T,
  discard: (old: T) => void,
): (path: string) => Promise<T> {
  const kept = new Map<string, { readonly version: string; readonly made: T }>();
  return async (path) => {
    const { mtimeMs, size, ino } = await stat(path);
    const version = `${mtimeMs} ${size} ${ino}`;
    const known = kept.get(path);
    if (known?.version === version) return known.made;
    const made = make(await readFile(path));
    if (known) discard(known.made);
    kept.set(path, { version, made });
    return made;
  };
}
