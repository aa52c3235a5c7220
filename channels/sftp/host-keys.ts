import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2 from 'ssh2';

// No RSA key: the library would then offer ssh-rsa, which signs with SHA-1.
const KINDS = [
  { file: 'ssh_host_ed25519_key', make: () => ssh2.utils.generateKeyPairSync('ed25519') },
  { file: 'ssh_host_ecdsa_key', make: () => ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }) },
] as const;

/** The private host keys of `dir`, in OpenSSH's format; made on the first start, readable by the owner only. */
export async function loadHostKeys(dir: string): Promise<string[]> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const keys: string[] = [];
  for (const { file, make } of KINDS) keys.push(await readOrMake(join(dir, file), make));
  return keys;
}

async function readOrMake(path: string, make: () => { private: string; public: string }): Promise<string> {
  const there = await readFile(path, 'utf8').catch(undefinedIf('ENOENT'));
  if (there !== undefined) {
    await chmod(path, 0o600);
    return there;
  }
  const pair = make();
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(aside, pair.private, { mode: 0o600 });
  // a link, unlike a rename, fails when another process was first: all must use the same key
  await link(aside, path).catch(undefinedIf('EEXIST'));
  await unlink(aside);
  const key = await readFile(path, 'utf8');
  if (key === pair.private) await writeFile(`${path}.pub`, `${pair.public}\n`);
  return key;
}

function undefinedIf(code: string): (error: unknown) => undefined {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
  };
}
