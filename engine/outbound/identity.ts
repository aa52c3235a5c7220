import type { KeyObject } from 'node:crypto';
import { createPrivateKey, generateKeyPair, randomBytes, X509Certificate } from 'node:crypto';
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EngineError } from '../core/errors.ts';
import { selfSigned } from './self-signed.ts';
import type { Identity } from './sign.ts';

export interface IdentityRequest {
  /** The folder of the files; made when it is not there. */
  readonly dir: string;
  /** What the files are called: `engine` (default) signs answers, `server` is for TLS, `tokens` signs access tokens. */
  readonly name?: 'engine' | 'server' | 'tokens';
  /** The name in the certificate, if one must be made. */
  readonly commonName: string;
  readonly now: Date;
}

const RSA_BITS = 2048; // as the protocol has it (§1.5); 3072 would cost 2 ms more for each answer
const VALID_YEARS = 10;
const CLOCK_SKEW_MS = 3_600_000;

/**
 * The engine's own identity: engine.pem (certificate) and engine.key (PKCS#8, mode 0600) in `dir`, made on first use. Any number of
 * processes may start at once, and any may be killed: all end with the same identity. A pair that is damaged, does not match, has
 * expired or lies open to others is EngineError `config_invalid`.
 */
export async function loadIdentity({ dir, name = 'engine', commonName, now }: IdentityRequest): Promise<Identity> {
  const [pemPath, keyPath] = [join(dir, `${name}.pem`), join(dir, `${name}.key`)];
  await mkdir(dir, { recursive: true });
  // the certificate is always made after the key: looked at in this order, a certificate alone is damage and not a race
  if (!(await exists(pemPath))) await makeKey(keyPath);
  const privateKey = await readKey(keyPath);
  if (!(await exists(pemPath))) await makeCertificate(pemPath, privateKey, commonName, now);
  const certificate = await readCertificateFile(pemPath);
  if (!certificate.checkPrivateKey(privateKey))
    throw unusable(pemPath, `the certificate does not belong to ${name}.key`);
  if (new Date(certificate.validTo) < now) throw unusable(pemPath, `the certificate expired on ${certificate.validTo}`);
  return { certificate, privateKey };
}

async function makeKey(path: string): Promise<void> {
  if (await exists(path)) return;
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
  await placeOnce(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 0o600);
}

async function makeCertificate(path: string, privateKey: KeyObject, commonName: string, now: Date): Promise<void> {
  if (privateKey.asymmetricKeyType !== 'rsa')
    throw unusable(path, 'there is no certificate, and one is only made for an RSA key');
  const notBefore = new Date(now.getTime() - CLOCK_SKEW_MS);
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + VALID_YEARS);
  await placeOnce(path, selfSigned({ privateKey, commonName, notBefore, notAfter }).toString(), 0o644);
}

/** Writes aside, syncs, and links to the final name: the file appears whole, and the first of several writers wins. */
async function placeOnce(path: string, text: string, mode: number): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(aside, 'wx', mode);
    await file.writeFile(text);
    await file.sync();
    await file.close();
    await link(aside, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw unusable(path, `it cannot be written (${codeOf(error)})`, error);
  } finally {
    await rm(aside, { force: true });
  }
}

async function readKey(path: string): Promise<KeyObject> {
  const text = await readText(path);
  const { mode } = await stat(path);
  if (mode & 0o077) throw unusable(path, 'others than its owner may read or write it: set its mode to 0600');
  const key = parsed(path, 'it is not a private key in PEM', () => createPrivateKey(text));
  if (key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'ec') return key;
  throw unusable(path, 'it is neither an RSA nor an EC key');
}

async function readCertificateFile(path: string): Promise<X509Certificate> {
  const text = await readText(path);
  return parsed(path, 'it is not a certificate in PEM', () => new X509Certificate(text));
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw unusable(path, `it cannot be read (${codeOf(error)})`, error);
  }
}

/** The cause is left out on purpose: the errors of key parsers may quote what they read. */
function parsed<T>(path: string, fault: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    throw unusable(path, fault);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw unusable(path, `it cannot be read (${codeOf(error)})`, error);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

function unusable(path: string, fault: string, cause?: unknown): EngineError {
  return new EngineError('config_invalid', `${path}: ${fault}`, { path }, cause);
}
