import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Paths of a certificate and its key, both PEM. */
export interface Credentials {
  readonly cert: string;
  readonly key: string;
}

/** The least a test of the main job needs. */
export interface Pki {
  readonly dir: string;
  /** Path of the root certificate: the trust anchor. */
  readonly ca: string;
  readonly sender: Credentials;
  readonly otherSender: Credentials;
}

/** What a certificate is made of; everything has a default. */
export interface CertificateSpec {
  readonly name: string;
  /** Absent: signed by itself. */
  readonly issuer?: Credentials;
  /** As OpenSSL names keys: rsa:2048, ec:P-256, rsa-pss:2048. */
  readonly key?: string;
  /** An existing key, instead of a new one. */
  readonly keyPath?: string;
  /** YYYYMMDDHHMMSSZ. */
  readonly from?: string;
  readonly until?: string;
  /** Lines of an OpenSSL extension section. */
  readonly extensions?: readonly string[];
  readonly digest?: string;
  /** The common name, if it is to differ from the file name. */
  readonly commonName?: string;
}

/** Extensions of a certificate that may sign files. */
export const SIGNER = [
  'basicConstraints=critical,CA:FALSE',
  'keyUsage=critical,digitalSignature,nonRepudiation',
  'extendedKeyUsage=emailProtection,clientAuth',
  'subjectKeyIdentifier=hash',
];

/** Extensions of a certificate authority. */
export const AUTHORITY = [
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign,cRLSign',
  'subjectKeyIdentifier=hash',
];

/** Puts a root, a sender and another sender in `dir` (RSA 2048, valid for ten years); the same in every directory of a process. */
export async function makePki(dir: string): Promise<Pki> {
  await mkdir(dir, { recursive: true });
  made ??= makeFiles(); // keys take long to make
  for (const [name, content] of await made) await writeFile(join(dir, name), content, { mode: 0o600 });
  const credentials = (name: string): Credentials => ({
    cert: join(dir, `${name}.pem`),
    key: join(dir, `${name}.key`),
  });
  return { dir, ca: credentials('ca').cert, sender: credentials('sender'), otherSender: credentials('other-sender') };
}

let made: Promise<[name: string, content: Buffer][]> | undefined;

/** Makes them with the `openssl` command. */
async function makeFiles(): Promise<[name: string, content: Buffer][]> {
  const { dir, remove } = await temporaryDir();
  try {
    const ca = await makeCertificate(dir, { name: 'ca', extensions: AUTHORITY });
    await makeCertificate(dir, { name: 'sender', issuer: ca });
    await makeCertificate(dir, { name: 'other-sender', issuer: ca });
    const names = await readdir(dir);
    return await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name))] as [string, Buffer]));
  } finally {
    await remove();
  }
}

/** A directory of its own under the system's temporary directory, and how to remove it. */
export async function temporaryDir(): Promise<{ dir: string; remove(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'bode-test-'));
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

/** Makes one certificate with `openssl ca`, the only command of OpenSSL 3.0 that takes both dates. */
export async function makeCertificate(dir: string, spec: CertificateSpec): Promise<Credentials> {
  const paths = { cert: join(dir, `${spec.name}.pem`), key: spec.keyPath ?? join(dir, `${spec.name}.key`) };
  if (!spec.keyPath) await makeKey(paths.key, spec.key ?? 'rsa:2048');
  const work = join(dir, `${spec.name}.work`);
  await mkdir(work);
  const config = await writeConfig(work, spec);
  const request = join(work, 'request.pem');
  const subject = `/O=Bode test/CN=${spec.commonName ?? spec.name}`;
  await openssl(['req', '-new', '-config', config, '-key', paths.key, '-subj', subject, '-out', request]);
  const by = spec.issuer
    ? ['-cert', spec.issuer.cert, '-keyfile', spec.issuer.key]
    : ['-selfsign', '-keyfile', paths.key];
  const dates = ['-startdate', spec.from ?? '20200101000000Z', '-enddate', spec.until ?? '20491231235959Z'];
  await openssl(['ca', '-batch', '-notext', '-config', config, ...by, ...dates, '-in', request, '-out', paths.cert]);
  await rm(work, { recursive: true });
  return paths;
}

async function makeKey(path: string, kind: string): Promise<void> {
  const [algorithm = '', size = ''] = kind.split(':');
  const option = algorithm === 'ec' ? `ec_paramgen_curve:${size}` : `rsa_keygen_bits:${size}`;
  await openssl(['genpkey', '-algorithm', algorithm, '-pkeyopt', option, '-out', path]);
}

async function writeConfig(work: string, { extensions = SIGNER, digest = 'sha256' }: CertificateSpec): Promise<string> {
  await writeFile(join(work, 'index'), '');
  const path = join(work, 'config');
  const lines = [
    '[req]\ndistinguished_name=dn\n[dn]\n[ca]\ndefault_ca=own\n[own]',
    `database=${join(work, 'index')}\nnew_certs_dir=${work}\nrand_serial=yes\ndefault_md=${digest}`,
    'policy=any\nemail_in_dn=no\nunique_subject=no\nx509_extensions=ext\n[any]\norganizationName=optional\ncommonName=supplied',
    `[ext]\n${extensions.join('\n')}\n`,
  ];
  await writeFile(path, lines.join('\n'));
  return path;
}

/** Signs a file with `openssl cms -sign`; detached, binary and DER unless `options` say otherwise. Gives the signature. */
export async function signFile(
  content: string,
  signer: Credentials,
  options: readonly string[] = ['-binary', '-outform', 'DER'],
): Promise<Buffer> {
  return openssl(['cms', '-sign', '-in', content, '-signer', signer.cert, '-inkey', signer.key, ...options]);
}

/** What `openssl cms -verify` says of a signature in DER over a file. */
export async function opensslVerifies(
  signature: Buffer,
  content: string,
  ca: string,
  options: readonly string[] = ['-binary', '-purpose', 'any'],
): Promise<boolean> {
  const { dir, remove } = await temporaryDir();
  const file = join(dir, 'signature.der');
  await writeFile(file, signature);
  const verify = [
    'cms',
    '-verify',
    '-inform',
    'DER',
    '-in',
    file,
    '-content',
    content,
    '-CAfile',
    ca,
    '-out',
    join(dir, 'out'),
  ];
  try {
    await openssl([...verify, ...options]);
    return true;
  } catch {
    return false; // the command ends with an error when it refuses
  } finally {
    await remove();
  }
}

/** Runs `openssl` and gives what it wrote; rejects when it fails. */
export async function openssl(args: readonly string[]): Promise<Buffer> {
  const { stdout } = await run('openssl', [...args], { encoding: 'buffer', maxBuffer: 64 << 20 });
  return stdout;
}

/** The certificate in a PEM file. */
export async function certificateAt(path: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(path));
}
