import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CertificateSpec, Credentials } from '../support/pki.ts';
import { AUTHORITY, makeCertificate, openssl, SIGNER, signFile } from '../support/pki.ts';

const CONTENT = '<?xml version="1.0" encoding="UTF-8"?>\n<DmfAOriginal>\n  <Form>é</Form>\n</DmfAOriginal>\n';

/** Everything the matrix of signatures is made with: one declaration, and certificates of every kind, by name. */
export interface Lab {
  readonly dir: string;
  /** The declaration, with LF line ends, and the same with CRLF. */
  readonly content: Buffer;
  readonly contentPath: string;
  readonly crlfPath: string;
  readonly credentials: Readonly<Record<string, Credentials>>;
  /** A detached binary signature in DER, made by `openssl cms -sign` with the certificate of this name. */
  sign(name: string, ...options: string[]): Promise<Buffer>;
  /** As `sign`, with exactly these options. */
  signWith(name: string, options: readonly string[], content?: string): Promise<Buffer>;
  /** Path of a file with the certificates of these names. */
  bundle(names: readonly string[]): Promise<string>;
  pem(name: string): string;
  key(name: string): string;
}

type Recipe = Omit<CertificateSpec, 'name' | 'issuer'> & { readonly by?: string };

const CLIENT_ONLY = ['basicConstraints=CA:FALSE', 'keyUsage=critical,keyEncipherment'];

/** In order: who issues comes before what is issued. */
const RECIPES: Readonly<Record<string, Recipe>> = {
  ca: { extensions: AUTHORITY },
  unknownCa: { extensions: AUTHORITY },
  impostorCa: { extensions: AUTHORITY, commonName: 'ca' },
  intermediate: { by: 'ca', extensions: AUTHORITY },
  lastCa: { by: 'ca', extensions: ['basicConstraints=critical,CA:TRUE,pathlen:0', 'keyUsage=keyCertSign'] },
  tooDeepCa: { by: 'lastCa', extensions: AUTHORITY },
  expiredCa: { by: 'ca', extensions: AUTHORITY, until: '20250101000000Z' },
  uselessCa: { by: 'ca', extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,cRLSign'] },
  sender: { by: 'ca' },
  other: { by: 'ca' },
  rsa3072: { by: 'ca', key: 'rsa:3072' },
  p256: { by: 'ca', key: 'ec:P-256' },
  p384: { by: 'ca', key: 'ec:P-384' },
  p521: { by: 'ca', key: 'ec:P-521' },
  pssKey: { by: 'ca', key: 'rsa-pss:2048' },
  below: { by: 'intermediate' },
  tooDeep: { by: 'tooDeepCa' },
  belowExpired: { by: 'expiredCa' },
  belowUseless: { by: 'uselessCa' },
  belowSender: { by: 'sender' },
  noUsage: { by: 'ca', extensions: ['subjectKeyIdentifier=hash'] },
  nonRepudiation: { by: 'ca', extensions: ['keyUsage=critical,nonRepudiation'] },
  expired: { by: 'ca', until: '20260101000000Z' },
  notYet: { by: 'ca', from: '20270101000000Z' },
  unknown: { by: 'unknownCa' },
  impostor: { by: 'impostorCa' },
  wrongUsage: { by: 'ca', extensions: CLIENT_ONLY },
  wrongPurpose: { by: 'ca', extensions: ['keyUsage=digitalSignature', 'extendedKeyUsage=serverAuth'] },
  oddExtension: { by: 'ca', extensions: [...SIGNER, '1.2.3.4=critical,ASN1:NULL'] },
  caAsSender: { by: 'ca', extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign,digitalSignature'] },
  rsa1024: { by: 'ca', key: 'rsa:1024' },
  p224: { by: 'ca', key: 'ec:P-224' },
  k256: { by: 'ca', key: 'ec:secp256k1' },
  sha1Signed: { by: 'ca', digest: 'sha1' },
  selfSigned: {},
};

/** Makes the certificates and the declaration in `dir`; some two seconds. */
export async function makeLab(dir: string): Promise<Lab> {
  const credentials: Record<string, Credentials> = {};
  for (const [name, { by, ...recipe }] of Object.entries(RECIPES)) {
    const issuer = by === undefined ? undefined : credentials[by]!;
    credentials[name] = await makeCertificate(dir, { name, ...recipe, ...(issuer && { issuer }) });
  }
  const [contentPath, crlfPath] = [join(dir, 'FI'), join(dir, 'FI.crlf')];
  await writeFile(contentPath, CONTENT);
  await writeFile(crlfPath, CONTENT.replaceAll('\n', '\r\n'));
  const signWith: Lab['signWith'] = (name, options, content = contentPath) =>
    signFile(content, credentials[name]!, options);
  return {
    dir,
    content: await readFile(contentPath),
    contentPath,
    crlfPath,
    credentials,
    sign: (name, ...options) => signWith(name, ['-binary', '-outform', 'DER', ...options]),
    signWith,
    bundle: async (names) => {
      const path = join(dir, 'bundle.pem');
      await writeFile(path, names.map((name) => readFileSync(credentials[name]!.cert)).join(''));
      return path;
    },
    pem: (name) => credentials[name]!.cert,
    key: (name) => credentials[name]!.key,
  };
}

/** Adds a second signature to a signature in DER, made with another certificate. */
export async function addSigner(lab: Lab, signature: Buffer, name: string): Promise<Buffer> {
  const path = join(lab.dir, 'first.der');
  await writeFile(path, signature);
  const { cert, key } = lab.credentials[name]!;
  const input = ['-inform', 'DER', '-in', path, '-content', lab.contentPath];
  return openssl(['cms', '-resign', ...input, '-binary', '-signer', cert, '-inkey', key, '-outform', 'DER']);
}
