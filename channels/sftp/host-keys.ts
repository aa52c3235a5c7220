import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { EngineError } from '../../engine/core/errors.ts';
import { parseSshKey } from '../../engine/registry/ssh-keys.ts';
import { type KeyType, newKeyPair } from './key-pair.ts';

// No RSA key: the library would then offer ssh-rsa, which signs with SHA-1.
const KINDS = [
  { file: 'ssh_host_ed25519_key', type: 'ed25519' },
  { file: 'ssh_host_ecdsa_key', type: 'ecdsa' },
] as const;

/** The private host keys of `dir`, in OpenSSH's format; made on the first start, readable by the owner only. Throws config_invalid for a damaged one. */
export async function loadHostKeys(dir: string): Promise<string[]> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const keys: string[] = [];
  for (const { file, type } of KINDS) keys.push(await readOrMake(join(dir, file), type));
  return keys;
}

/** A public host key: one line of known_hosts without the host, and its SHA-256 in base64, as OpenSSH shows it. */
export interface PublicHostKey {
  readonly type: string;
  readonly fingerprint: string;
  readonly publicKey: string;
}

/** The public halves of the host keys that there are in `dir`; makes none. Throws config_invalid for a damaged one. */
export async function readHostKeys(dir: string): Promise<PublicHostKey[]> {
  const keys: PublicHostKey[] = [];
  for (const { file } of KINDS) {
    const path = join(dir, file);
    const text = await readFile(path, 'utf8').catch(undefinedIf('ENOENT'));
    if (text !== undefined) keys.push(publicOf(readable(path, text)));
  }
  return keys;
}

function publicOf(key: string): PublicHostKey {
  const parsed = ssh2.utils.parseKey(key);
  if (parsed instanceof Error) throw parsed;
  const { type, blob, fingerprint } = parseSshKey(`${parsed.type} ${parsed.getPublicSSH().toString('base64')}`);
  return { type, fingerprint, publicKey: `${type} ${blob.toString('base64')}` };
}

async function readOrMake(path: string, type: KeyType): Promise<string> {
  const there = await readFile(path, 'utf8').catch(undefinedIf('ENOENT'));
  if (there !== undefined) {
    await chmod(path, 0o600);
    return readable(path, there);
  }
  const pair = newKeyPair(type);
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(aside, pair.private, { mode: 0o600 });
  // a link, unlike a rename, fails when another process was first: all must use the same key
  await link(aside, path).catch(undefinedIf('EEXIST'));
  await unlink(aside);
  const key = await readFile(path, 'utf8');
  if (key === pair.private) await writeFile(`${path}.pub`, `${pair.public}\n`);
  return key;
}

function readable(path: string, key: string): string {
  if (!(ssh2.utils.parseKey(key) instanceof Error)) return key;
  throw new EngineError(
    'config_invalid',
    `${path}: not a private host key; restore it, or remove it to have a new one made`,
  );
}

function undefinedIf(code: string): (error: unknown) => undefined {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
  };
}
