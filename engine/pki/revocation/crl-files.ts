import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { EngineError, messageOf } from '../../core/errors.ts';
import { type Crl, readCrl } from './crl.ts';
import type { CrlSource } from './revocation.ts';

const EXTENSIONS: readonly string[] = ['.crl', '.pem', '.der'];
const PEM = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/g;

interface Read {
  readonly version: string;
  readonly lists: readonly Crl[];
  readonly fault?: string;
}

/**
 * Lists from files (PEM with one or more, or DER) and directories (every .crl, .pem and .der in them, not deeper). A file is read
 * again when it has changed, so whoever delivers new lists need not tell; one that cannot be read is a fault, and no list.
 */
export function createCrlFiles(paths: readonly string[], maxBytes: number): CrlSource {
  const known = new Map<string, Read>();
  return {
    async listsFor() {
      const found = await Promise.all(paths.map((path) => readPath(path, maxBytes, known)));
      const read = found.flat();
      return {
        lists: read.flatMap(({ lists }) => lists),
        faults: read.flatMap(({ fault }) => (fault === undefined ? [] : [fault])),
      };
    },
  };
}

async function readPath(path: string, maxBytes: number, known: Map<string, Read>): Promise<Read[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [await readKnown(path, maxBytes, known)];
    const names = (await readdir(path)).filter((name) => EXTENSIONS.includes(extname(name).toLowerCase()));
    return await Promise.all(names.sort().map((name) => readKnown(join(path, name), maxBytes, known)));
  } catch (error) {
    return [broken(path, error)];
  }
}

async function readKnown(path: string, maxBytes: number, known: Map<string, Read>): Promise<Read> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    const version = `${mtimeMs} ${size} ${ino}`;
    const before = known.get(path);
    if (before?.version === version) return before;
    const read = size > maxBytes ? tooLarge(path, maxBytes) : await readLists(path);
    known.set(path, { ...read, version });
    return read;
  } catch (error) {
    return broken(path, error);
  }
}

async function readLists(path: string): Promise<Read> {
  const bytes = await readFile(path);
  try {
    return { version: '', lists: encodingsIn(bytes).map(readCrl) };
  } catch (error) {
    return broken(path, error);
  }
}

function tooLarge(path: string, maxBytes: number): Read {
  return broken(path, new EngineError('limit_exceeded', `it is larger than ${maxBytes} bytes`));
}

function encodingsIn(bytes: Buffer): Buffer[] {
  if (bytes[0] === 0x30) return [bytes];
  const blocks = [...bytes.toString('latin1').matchAll(PEM)];
  if (blocks.length === 0) throw new EngineError('message_malformed', 'it holds no revocation list');
  return blocks.map(([, text = '']) => Buffer.from(text, 'base64'));
}

function broken(path: string, error: unknown): Read {
  const code = error instanceof Error && 'code' in error && !(error instanceof EngineError) ? String(error.code) : '';
  return { version: '', lists: [], fault: `${path}: ${code || messageOf(error)}` };
}
