import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { eventually } from './eventually.ts';
import { AUTHORITY, type Credentials, makeCertificate, openssl, SIGNER } from './pki.ts';
import { fixedPorts } from './ports.ts';

/** A certificate authority that `openssl ca` keeps: what it has issued and revoked stands in its index. */
export interface OpensslCa {
  readonly dir: string;
  readonly ca: Credentials;
  readonly index: string;
  issue(name: string, extensions?: readonly string[]): Promise<Credentials>;
  revoke(certificate: Credentials): Promise<void>;
  /** Its list as of now, or between two dates (YYYYMMDDHHMMSSZ); by another key when a signer is given. */
  list(
    name: string,
    options?: { readonly from?: string; readonly until?: string; readonly signer?: Credentials },
  ): Promise<string>;
  /** Forgets that it has issued a certificate. */
  forget(certificate: Credentials): Promise<void>;
}

/** Extensions of the certificate of an OCSP responder. */
export const RESPONDER = [
  'basicConstraints=critical,CA:FALSE',
  'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=critical,OCSPSigning',
];

/** Makes an authority in a directory that is not there yet. */
export async function openOpensslCa(dir: string, commonName = 'revoking ca'): Promise<OpensslCa> {
  await mkdir(dir, { recursive: true });
  const ca = await makeCertificate(dir, { name: 'ca', commonName, key: 'ec:P-256', extensions: AUTHORITY });
  const at = (name: string) => join(dir, name);
  await writeFile(at('index'), '');
  await writeFile(at('crlnumber'), '01\n');

  async function configFor(extensions: readonly string[] = []): Promise<string> {
    const lines = [
      `[ca]\ndefault_ca=own\n[own]\ndatabase=${at('index')}\nnew_certs_dir=${dir}\nrand_serial=yes\ncrlnumber=${at('crlnumber')}`,
      'default_md=sha256\ndefault_days=365\ndefault_crl_days=7\npolicy=any\nunique_subject=no\ncrl_extensions=list\nx509_extensions=ext',
      `[any]\ncommonName=supplied\n[list]\nauthorityKeyIdentifier=keyid:always\n[ext]\n${extensions.join('\n')}\n[req]\ndistinguished_name=dn\n[dn]\n`,
    ];
    await writeFile(at('config'), lines.join('\n'));
    return at('config');
  }

  const by = (signer: Credentials) => ['-cert', signer.cert, '-keyfile', signer.key];
  return {
    dir,
    ca,
    index: at('index'),
    async issue(name, extensions = SIGNER) {
      const paths = { cert: at(`${name}.pem`), key: at(`${name}.key`) };
      const config = await configFor(extensions);
      await openssl(['genpkey', '-algorithm', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', paths.key]);
      await openssl([
        'req',
        '-new',
        '-config',
        config,
        '-key',
        paths.key,
        '-subj',
        `/CN=${name}`,
        '-out',
        at('request'),
      ]);
      await openssl([
        'ca',
        '-batch',
        '-notext',
        '-config',
        config,
        ...by(ca),
        '-in',
        at('request'),
        '-out',
        paths.cert,
      ]);
      return paths;
    },
    async revoke({ cert }) {
      await openssl(['ca', '-config', await configFor(), ...by(ca), '-revoke', cert, '-crl_reason', 'keyCompromise']);
    },
    async list(name, { from, until, signer = ca } = {}) {
      const dates = from && until ? ['-crl_lastupdate', from, '-crl_nextupdate', until] : [];
      await openssl(['ca', '-gencrl', '-config', await configFor(), ...by(signer), ...dates, '-out', at(name)]);
      return at(name);
    },
    async forget({ cert }) {
      const serial = (await openssl(['x509', '-in', cert, '-noout', '-serial']))
        .toString()
        .trim()
        .replace('serial=', '');
      const lines = (await readFile(at('index'), 'utf8')).split('\n');
      await writeFile(at('index'), lines.filter((line) => !line.includes(serial)).join('\n'));
    },
  };
}

/** A responder of `openssl ocsp` that runs until it is stopped. */
export interface OpensslResponder {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts `openssl ocsp` over the index of an authority. */
export async function startResponder(
  ca: OpensslCa,
  signer: Credentials,
  options: readonly string[] = ['-nmin', '5'],
  onPort?: number,
): Promise<OpensslResponder> {
  const port = onPort ?? (await fixedPorts(1))[0]!;
  const args = [
    'ocsp',
    '-index',
    ca.index,
    '-CA',
    ca.ca.cert,
    '-rsigner',
    signer.cert,
    '-rkey',
    signer.key,
    '-port',
    String(port),
  ];
  const child = spawn('openssl', [...args, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  await listening(child); // not tried out: it waits for ever for the request of whoever connects and says nothing
  return { url: `http://127.0.0.1:${port}`, stop: () => stop(child) };
}

async function listening({ stdout, stderr }: ChildProcessByStdio<null, Readable, Readable>): Promise<void> {
  let said = '';
  for (const stream of [stdout, stderr])
    stream.on('data', (text) => {
      said += text;
    });
  await eventually(() => {
    if (!said.includes('waiting for OCSP client connections')) throw new Error(`openssl ocsp does not listen: ${said}`);
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await ended;
}
