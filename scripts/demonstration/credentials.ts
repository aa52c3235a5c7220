import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';

/** What the demo's sender has: a login key, a signing certificate under a CA of its own. Paths. */
export interface Credentials {
  readonly ca: string;
  readonly certificate: string;
  readonly signingKey: string;
  readonly loginKey: string;
}

const LEAF = ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature,nonRepudiation', ''].join('\n');

/** Makes a throw-away CA, a certificate under it and an SSH key, with `openssl` and `ssh-keygen`. */
export async function makeCredentials(dir: string): Promise<Credentials> {
  const file = (name: string) => join(dir, name);
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  const subject = (name: string) => ['-subj', `/CN=${name}`];
  await run('openssl', [
    'req',
    '-x509',
    ...key,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
    '-days',
    '30',
    ...subject('Demo CA'),
  ]);
  await run('openssl', [
    'req',
    ...key,
    '-keyout',
    file('sender.key'),
    '-out',
    file('sender.csr'),
    ...subject('Demo sender'),
  ]);
  await writeFile(file('leaf.cnf'), LEAF);
  const issuer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial'];
  const leaf = ['-in', file('sender.csr'), '-extfile', file('leaf.cnf'), '-out', file('sender.pem')];
  await run('openssl', ['x509', '-req', ...leaf, ...issuer, '-days', '30']);
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('login'), '-C', 'demo']);
  return {
    ca: file('ca.pem'),
    certificate: file('sender.pem'),
    signingKey: file('sender.key'),
    loginKey: file('login'),
  };
}
