import { X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { EngineError, messageOf } from '../core/errors.ts';
import type { Certificate } from './certificate.ts';
import { readCertificate } from './certificate.ts';

/** The certificates the operator trusts; each is an end of a chain, whether it signed itself or not. */
export interface Trust {
  readonly anchors: readonly Certificate[];
}

const EXTENSIONS: readonly string[] = ['.pem', '.crt', '.cer', '.der'];
const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Trust in these certificates; throws when one cannot be read. */
export function trustIn(certificates: readonly X509Certificate[]): Trust {
  return Object.freeze({ anchors: Object.freeze(certificates.map(readCertificate)) });
}

/**
 * Reads trust anchors from files (PEM with one or more certificates, or DER) and directories (every .pem, .crt, .cer and .der
 * in them, not deeper). Everything unusable is named, all at once, in one EngineError `config_invalid`. No path: no trust.
 */
export async function loadTrust(paths: readonly string[]): Promise<Trust> {
  const mistakes: string[] = [];
  const anchors: Certificate[] = [];
  for (const path of paths) {
    const found = await certificatesAt(path, mistakes);
    anchors.push(...found.filter((one) => !anchors.some((other) => other.raw.equals(one.raw))));
  }
  if (mistakes.length > 0)
    throw new EngineError('config_invalid', `trust anchors: ${mistakes.join('; ')}`, { mistakes });
  return Object.freeze({ anchors: Object.freeze(anchors) });
}

async function certificatesAt(path: string, mistakes: string[]): Promise<Certificate[]> {
  const found: Certificate[] = [];
  try {
    for (const file of await filesAt(path)) found.push(...(await certificatesIn(file, mistakes)));
  } catch (error) {
    mistakes.push(`${path}: ${reasonOf(error)}`);
  }
  return found;
}

async function filesAt(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => EXTENSIONS.includes(extname(name).toLowerCase())).sort();
  if (names.length === 0)
    throw new EngineError('config_invalid', `no ${EXTENSIONS.join(', ')} file is in this directory`);
  return names.map((name) => join(path, name));
}

async function certificatesIn(file: string, mistakes: string[]): Promise<Certificate[]> {
  try {
    return encodingsIn(await readFile(file)).map((encoding) => readCertificate(new X509Certificate(encoding)));
  } catch (error) {
    mistakes.push(`${file}: ${reasonOf(error)}`);
    return [];
  }
}

function encodingsIn(bytes: Buffer): Buffer[] {
  if (bytes[0] === 0x30) return [bytes];
  const blocks = bytes.toString('latin1').match(PEM_BLOCK) ?? [];
  if (blocks.length === 0) throw new EngineError('config_invalid', 'this file holds no certificate');
  return blocks.map((block) => Buffer.from(block));
}

function reasonOf(error: unknown): string {
  if (error instanceof EngineError) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'this file may not be read';
  return code.startsWith('ERR_OSSL') ? 'a certificate in this file cannot be read' : messageOf(error);
}
