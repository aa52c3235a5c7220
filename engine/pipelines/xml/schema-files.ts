import { access } from 'node:fs/promises';
import { join } from 'node:path';

/** The base name of a schema location: what stands after the last separator; a path or an address is never followed. */
export function schemaName(location: string): string {
  return location.trim().split(/[/\\]/).at(-1) ?? '';
}

/** The first of the directories' files with this base name. */
export async function findSchema(dirs: readonly string[], name: string): Promise<string | undefined> {
  if (!/^\w[\w.-]{0,99}\.xsd$/.test(name)) return undefined;
  for (const dir of dirs) {
    const path = join(dir, name);
    if (await exists(path)) return path;
  }
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
