import { existsSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import { fault, keys } from '../engine/core/mistakes.ts';

/** Where a configuration finds what it refers to: paths are relative to `folder`, `{ env }` is looked up in `env`. */
export interface Surroundings {
  readonly folder: string;
  /** What the program ships: looked into when a relative schema directory is not in `folder`. */
  readonly packageRoot: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const GIVEN = 'text, { file: PATH } or { env: NAME }';
const MAX_SECRET_BYTES = 65_536;

/** A value that may hold a secret: given as text, by `{ file: PATH }` (its first line) or by `{ env: NAME }`. No mistake ever shows it. */
export function secret(meaning: string, pattern: RegExp, allowed: string, around: Surroundings) {
  const filled = (what: string) => z.string({ error: what }).min(1, { error: what });
  return z
    .union(
      [
        z.string(),
        keys({ file: filled('the path of a file') }),
        keys({ env: filled('the name of an environment variable') }),
      ],
      { error: GIVEN },
    )
    .transform((given, context): string => {
      const value = typeof given === 'string' ? given : secretOf(given, around, context);
      if (value === undefined) return z.NEVER;
      return pattern.test(value) ? value : fault(context, 'of the wrong form', allowed);
    })
    .describe(meaning)
    .meta({ kind: 'secret' });
}

type Given = { readonly file: string } | { readonly env: string };

/** The secret itself, or undefined after a mistake was noted. */
function secretOf(given: Given, around: Surroundings, context: z.RefinementCtx): string | undefined {
  if ('file' in given) return firstLineOf(resolve(around.folder, given.file), context);
  const value = around.env[given.env];
  if (value) return value;
  return note(context, 'env', 'the environment variable is not set', 'one that is set');
}

function firstLineOf(path: string, context: z.RefinementCtx): string | undefined {
  try {
    if (statSync(path).size > MAX_SECRET_BYTES)
      return note(context, 'file', 'the file is too large for a secret', `at most ${MAX_SECRET_BYTES} bytes`);
    return readFileSync(path, 'utf8').split(/\r?\n/)[0]?.trim() ?? '';
  } catch (error) {
    return note(context, 'file', `the file cannot be read (${codeOf(error)})`, 'a file that the engine can read');
  }
}

function note(context: z.RefinementCtx, key: string, reason: string, allowed: string): undefined {
  fault(context, reason, allowed, [key]);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

const A_PATH = 'a path, relative to the configuration file or absolute';
const aPath = () => z.string({ error: A_PATH }).regex(/^[^\0]+$/, { error: A_PATH });

/** A path that need not exist yet. */
export function path(meaning: string, fallback: string, around: Surroundings) {
  return aPath()
    .prefault(fallback)
    .transform((text) => resolve(around.folder, text))
    .describe(meaning);
}

/** A path that must be given. */
export const givenPath = (around: Surroundings) => aPath().transform((text) => resolve(around.folder, text));

/** Whether a path is another, or lies below it. */
export function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(outer.endsWith(sep) ? outer : `${outer}${sep}`);
}

/** A path that may be left empty, which means that there is none. */
export function pathOrNone(meaning: string, around: Surroundings) {
  return z
    .string({ error: A_PATH })
    .regex(/^[^\0]*$/, { error: A_PATH })
    .prefault('')
    .transform((text) => (text === '' ? '' : resolve(around.folder, text)))
    .describe(meaning);
}

/** Files or directories that must be there. */
export function existing(meaning: string, around: Surroundings) {
  return z
    .array(aPath().transform((text, context) => existingIn([around.folder], text, context)))
    .prefault([])
    .describe(meaning);
}

/**
 * Directories that must be there. A relative one is looked for beside the configuration file, then in what the
 * program ships; the shipped `own` directory is always the last, asked for or not.
 */
export function fallingBack(meaning: string, own: string, around: Surroundings) {
  const shipped = join(around.packageRoot, own);
  return z
    .array(aPath().transform((text, context) => existingIn([around.folder, around.packageRoot], text, context)))
    .prefault([own])
    .transform((folders) => [...new Set([...folders, shipped])])
    .describe(meaning);
}

function existingIn(folders: readonly string[], text: string, context: z.RefinementCtx): string {
  const candidates = isAbsolute(text) ? [text] : folders.map((folder) => resolve(folder, text));
  return (
    candidates.find((candidate) => existsSync(candidate)) ??
    fault(
      context,
      'there is no such file or directory',
      'an existing one, relative to the configuration file or absolute',
    )
  );
}

/** The path of a SQLite store made absolute; other URLs as they are. */
export function absoluteStore(url: string, around: Surroundings): string {
  const file = url.startsWith('sqlite:') ? url.slice('sqlite:'.length) : ':memory:';
  return file === ':memory:' ? url : `sqlite:${resolve(around.folder, file)}`;
}
