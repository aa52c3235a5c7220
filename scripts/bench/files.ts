import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const MIB = 2 ** 20;
const SMALL_BYTES = 4_096;

/** Writes a file of 1 GiB of noise and gives its path. */
export function makeLargeFile(dir: string, name: string): string {
  const path = join(dir, name);
  const file = openSync(path, 'w');
  const block = randomBytes(64 * MIB);
  for (let index = 0; index < 16; index += 1) writeSync(file, block);
  closeSync(file);
  return path;
}

/** Writes `count` files of 4 KiB of noise, `FI.0` and so on, in a folder of their own, and gives their paths. */
export function makeSmallFiles(dir: string, count: number): string[] {
  const folder = join(dir, 'small');
  mkdirSync(folder);
  const paths = Array.from({ length: count }, (_, index) => join(folder, `FI.${index}`));
  for (const path of paths) writeFileSync(path, randomBytes(SMALL_BYTES));
  return paths;
}
