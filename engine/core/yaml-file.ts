import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument } from 'yaml';
import { EngineError, type ErrorCode } from './errors.ts';

const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Reads a YAML file written by a person; an empty file is an empty group.
 * Throws `code` with one line for each fault, with its place but never with the text of the file: it may hold a secret.
 */
export async function readYaml(path: string, code: ErrorCode): Promise<unknown> {
  const text = await readText(path, code);
  const lines = new LineCounter();
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines });
  if (document.errors.length > 0) {
    const faults = document.errors.map(({ message, pos }) => {
      const { line, col } = lines.linePos(pos[0]);
      return `${path}:${line}:${col}: ${sentenceOf(message)}`;
    });
    throw new EngineError(code, faults.join('\n'));
  }
  return expand(path, code, () => document.toJS({ maxAliasCount: 1000 })) ?? {};
}

async function readText(path: string, code: ErrorCode): Promise<string> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new EngineError(code, `${path}: cannot be read (${error.code ?? 'unknown error'})`, {}, error);
  });
  if (bytes.length > MAX_BYTES) throw new EngineError(code, `${path}: larger than ${MAX_BYTES} bytes`);
  return bytes.toString('utf8');
}

function expand(path: string, code: ErrorCode, toValue: () => unknown): unknown {
  try {
    return toValue();
  } catch (error) {
    throw new EngineError(code, `${path}: aliases that cannot be resolved`, {}, error);
  }
}

/** The parser quotes the file after a colon or in quotes; what it says before that is ours to show. */
function sentenceOf(message: string): string {
  return `not YAML: ${message.split(/[:"'`\n]/)[0]?.trim()}`;
}
