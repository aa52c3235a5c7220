import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../core/errors.ts';

const KEY_BYTES = 32;

/** Where the key of the audit is kept: with the files, never in the database, so that the database alone cannot forge the chain. */
export const auditKeyPath = (dataDir: string): string => join(dataDir, 'keys', 'audit.key');

/**
 * The key of the audit, made on first use (0600). Any number of processes may start at once: all end with the same key.
 * A key that is damaged or lies open to others is EngineError `config_invalid`.
 */
export async function loadAuditKey(dataDir: string): Promise<Buffer> {
  const path = auditKeyPath(dataDir);
  const there = await readKey(path);
  if (there) return there;
  await mkdir(join(dataDir, 'keys'), { recursive: true, mode: 0o700 });
  await placeOnce(path, `${randomBytes(KEY_BYTES).toString('hex')}\n`);
  return readAuditKey(dataDir);
}

/** The key of the audit as it was made before. Throws `not_found` when there is none, `config_invalid` when it is damaged or lies open. */
export async function readAuditKey(dataDir: string): Promise<Buffer> {
  const path = auditKeyPath(dataDir);
  const key = await readKey(path);
  if (key) return key;
  throw new EngineError(
    'not_found',
    `${path}: there is no such file, and without this key nothing of the audit can be checked`,
  );
}

async function readKey(path: string): Promise<Buffer | undefined> {
  const text = await readFile(path, 'utf8').catch(unlessMissing(path));
  if (text === undefined) return undefined;
  const { mode } = await stat(path);
  if (mode & 0o077) throw unusable(path, 'others than its owner may read or write it: set its mode to 0600');
  if (!/^[0-9a-f]{64}\s*$/.test(text)) throw unusable(path, 'it is not a key of the audit: restore it');
  return Buffer.from(text.trim(), 'hex');
}

/** Writes aside, syncs, and links to the final name: the file appears whole, and the first of several writers wins. */
async function placeOnce(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(aside, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(aside, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw unusable(path, `it cannot be written (${codeOf(error)})`);
  } finally {
    await rm(aside, { force: true });
  }
}

function unlessMissing(path: string): (error: unknown) => undefined {
  return (error) => {
    if (codeOf(error) !== 'ENOENT') throw unusable(path, `it cannot be read (${codeOf(error)})`);
  };
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown');

function unusable(path: string, fault: string): EngineError {
  return new EngineError('config_invalid', `${path}: ${fault}`, { path });
}
