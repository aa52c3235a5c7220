import { EngineError } from '../core/errors.ts';
import { FOLDERS, type FolderName } from './folders.ts';

/** What a path from a client means. Paths are never looked up in a file system. */
export type Place =
  | { readonly kind: 'root' }
  | { readonly kind: 'folder'; readonly folder: FolderName }
  | { readonly kind: 'file'; readonly folder: FolderName; readonly name: string }
  | { readonly kind: 'nowhere' };

const MAX_PATH_BYTES = 4_096;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The steps of a path from the root: `.` is dropped, `..` goes up and stays at the root. Throws name_invalid. */
export function stepsOf(path: Buffer): string[] {
  const steps: string[] = [];
  for (const step of textOf(path).split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  return steps;
}

/** What a path means: the root, one of the six folders by its exact name, a file in one, or nothing. Throws name_invalid. */
export function placeOf(path: Buffer): Place {
  const [first, name, ...deeper] = stepsOf(path);
  if (first === undefined) return { kind: 'root' };
  const folder = FOLDERS.find((known) => known === first);
  if (!folder || deeper.length > 0) return { kind: 'nowhere' };
  return name === undefined ? { kind: 'folder', folder } : { kind: 'file', folder, name };
}

function textOf(path: Buffer): string {
  if (path.length > MAX_PATH_BYTES) throw new EngineError('name_invalid', 'the path is too long');
  if (path.includes(0)) throw new EngineError('name_invalid', 'the path holds a NUL character');
  try {
    return UTF8.decode(path);
  } catch (error) {
    throw new EngineError('name_invalid', 'the path is not valid UTF-8', {}, error);
  }
}
