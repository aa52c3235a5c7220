import { z } from 'zod';
import { suggestionFor } from './suggest.ts';

/** One thing wrong in a file that a person wrote; holds no value of the file, so no secret. */
export interface Mistake {
  /** Place in the file: `channels.sftp.port`, `organisations[0].language`; empty for the file as a whole. */
  readonly path: string;
  readonly reason: string;
  readonly allowed?: string;
}

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** A group of keys; any other key is a mistake that names the keys there are. */
export function keys<const T extends z.ZodRawShape>(shape: T) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, { error: known });
}

/** Adds a mistake from inside a transform. */
export function fault(context: z.RefinementCtx, reason: string, allowed?: string, path: PropertyKey[] = []): never {
  context.addIssue({ code: 'custom', message: reason, path, params: { allowed } });
  return z.NEVER;
}

/** One line for each mistake: `file: path.in.file: reason; allowed: …`. */
export function describeMistakes(file: string, mistakes: readonly Mistake[]): string {
  return mistakes.map((mistake) => describe(file, mistake)).join('\n');
}

function describe(file: string, { path, reason, allowed }: Mistake): string {
  const place = path === '' ? file : `${file}: ${path}`;
  return `${place}: ${reason}${allowed === undefined ? '' : `; allowed: ${allowed}`}`;
}

/** Every mistake that a schema made of `keys` found, in the words of the file's author. */
export function mistakesOf(error: z.ZodError): Mistake[] {
  const seen = new Set<string>();
  return error.issues.flatMap(mistakesOfIssue).filter(({ path, reason }) => {
    const first = !seen.has(`${path}\n${reason}`);
    seen.add(`${path}\n${reason}`);
    return first;
  });
}

function mistakesOfIssue(issue: Issue): Mistake[] {
  const path = pathText(issue.path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey([...issue.path, key], issue.message.split(', ')));
    case 'invalid_type':
      return [
        {
          path,
          reason: wrongKind(issue.expected, issue.input),
          allowed: KINDS[issue.expected] ?? issue.expected,
          ...allowedIn(issue),
        },
      ];
    case 'invalid_value':
      return [
        { path, reason: missingOr(issue.input, 'not one of the values there are'), allowed: issue.values.join(', ') },
      ];
    case 'invalid_key':
      return [{ path, reason: 'not a name that may stand here', ...allowedIn(issue.issues[0] ?? issue) }];
    case 'custom':
      return [{ path, reason: issue.message, ...allowedParameter(issue.params?.['allowed']) }];
    default:
      return [{ path, reason: missingOr(issue.input, 'out of bounds or of the wrong form'), ...allowedIn(issue) }];
  }
}

function unknownKey(path: Path, known: readonly string[]): Mistake {
  const guess = suggestionFor(String(path.at(-1)), known);
  const reason = guess === undefined ? 'unknown key' : `unknown key, did you mean "${guess}"?`;
  return { path: pathText(path), reason, allowed: known.join(', ') };
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
  record: 'a group of keys',
};

function wrongKind(expected: string, input: unknown): string {
  return missingOr(input, `must be ${KINDS[expected] ?? expected}, not ${kindOf(input)}`);
}

function missingOr(input: unknown, reason: string): string {
  return input === undefined ? 'is missing' : reason;
}

function kindOf(input: unknown): string {
  if (input === null) return 'empty';
  if (Array.isArray(input)) return 'a list';
  return KINDS[typeof input] ?? typeof input;
}

/** The leaves of our schemas are given the sentence "what is allowed" as their message; zod's own English is not shown. */
function allowedIn(issue: { readonly message: string }): { allowed?: string } {
  return /^(Invalid|Too |Unrecognized)/.test(issue.message) ? {} : { allowed: issue.message };
}

function allowedParameter(allowed: unknown): { allowed?: string } {
  return typeof allowed === 'string' ? { allowed } : {};
}

/** `a.b[0].c`: how a place in a YAML file is written in messages. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}
