import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { der, oid, oidHex, sequence, setOf, TAG, time } from '../../engine/core/der.ts';

/** A key pair with which a test signs. */
export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** How a text is encoded in a name. */
export type StringType = 'utf8' | 'printable' | 'ia5' | 'bmp' | 'teletex';

export interface NamePart {
  /** Dotted identifier of the attribute type. */
  readonly type: string;
  readonly text: string;
  readonly as?: StringType;
}

export interface ExtensionSpec {
  /** Dotted. */
  readonly id: string;
  readonly critical?: boolean;
  readonly value: Buffer;
}

/** A date, or the very text of a UTCTime or GeneralizedTime. */
export type TimeSpec = Date | { readonly utc: string } | { readonly generalized: string };

export interface CertificateToWrite {
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly key: KeyObject;
  readonly signer: KeyPair;
  /** Content octets of the number; random when absent. */
  readonly serial?: Buffer;
  readonly from?: TimeSpec;
  readonly until?: TimeSpec;
  readonly extensions?: readonly ExtensionSpec[];
  /** Both unique identifiers are written. */
  readonly uniqueIds?: boolean;
  readonly digest?: 'sha1' | 'sha256' | 'sha384';
  /** One bit of the signature is turned. */
  readonly damaged?: boolean;
}

export interface ListToWrite {
  readonly issuer: Buffer;
  readonly signer: KeyPair;
  readonly thisUpdate?: TimeSpec;
  /** `none`: it is left out. */
  readonly nextUpdate?: TimeSpec | 'none';
  readonly revoked?: readonly { readonly serial: Buffer; readonly extensions?: readonly ExtensionSpec[] }[];
  readonly extensions?: readonly ExtensionSpec[];
  readonly digest?: 'sha1' | 'sha256';
  readonly damaged?: boolean;
}

const TYPES: Readonly<Record<StringType, number>> = {
  utf8: 0x0c,
  printable: 0x13,
  teletex: 0x14,
  ia5: 0x16,
  bmp: 0x1e,
};

/** Encodes a Name; each part is an RDN of its own. */
export function writeName(parts: readonly NamePart[]): Buffer {
  return sequence(
    ...parts.map(({ type, text, as = 'utf8' }) =>
      setOf([sequence(oid(oidHex(type)), der(TYPES[as], bytesOf(text, as)))]),
    ),
  );
}

function bytesOf(text: string, as: StringType): Buffer {
  if (as === 'bmp') return Buffer.from(text, 'utf16le').swap16();
  return Buffer.from(text, as === 'utf8' ? 'utf8' : 'latin1');
}

/** A new key of P-256, RSA of 2048 bits, or DSA of 1024. */
export function newKey(kind: 'ec' | 'rsa' | 'dsa' = 'ec'): KeyPair {
  if (kind === 'ec') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (kind === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 });
}

/** Encodes and signs a certificate, in DER. */
export function writeCertificate(spec: CertificateToWrite): Buffer {
  const { subject, issuer, key, signer, serial, from, until, extensions = [], digest, damaged = false } = spec;
  const algorithm = algorithmFor(signer.privateKey, digest);
  const body = sequence(
    der(0xa0, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, serial ?? Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    issuer,
    sequence(writeTime(from ?? new Date('2020-01-01T00:00:00Z')), writeTime(until ?? new Date('2049-12-31T23:59:59Z'))),
    subject,
    key.export({ type: 'spki', format: 'der' }),
    ...(spec.uniqueIds ? [der(0x81, Buffer.from([0, 1, 2])), der(0x82, Buffer.from([0, 3, 4]))] : []),
    ...(extensions.length > 0 ? [der(0xa3, sequence(...extensions.map(writeExtension)))] : []),
  );
  return signed(body, algorithm, signer, digest, damaged);
}

/** Encodes and signs a revocation list, in DER. */
export function writeList(spec: ListToWrite): Buffer {
  const { issuer, signer, thisUpdate, nextUpdate, revoked = [], extensions = [], digest, damaged = false } = spec;
  const algorithm = algorithmFor(signer.privateKey, digest);
  const next = nextUpdate === 'none' ? [] : [writeTime(nextUpdate ?? new Date('2026-07-01T00:00:00Z'))];
  const entries = revoked.map(({ serial, extensions: own = [] }) =>
    sequence(
      der(TAG.integer, serial),
      writeTime(new Date('2026-02-01T00:00:00Z')),
      ...(own.length > 0 ? [sequence(...own.map(writeExtension))] : []),
    ),
  );
  const body = sequence(
    der(TAG.integer, Buffer.from([1])),
    algorithm,
    issuer,
    writeTime(thisUpdate ?? new Date('2026-05-01T00:00:00Z')),
    ...next,
    ...(entries.length > 0 ? [sequence(...entries)] : []),
    der(
      0xa0,
      sequence(...[{ id: '2.5.29.20', value: der(TAG.integer, Buffer.from([1])) }, ...extensions].map(writeExtension)),
    ),
  );
  return signed(body, algorithm, signer, digest, damaged);
}

function signed(body: Buffer, algorithm: Buffer, signer: KeyPair, digest = 'sha256', damaged: boolean): Buffer {
  const signature = sign(digest, body, signer.privateKey);
  if (damaged) signature.writeUInt8(signature.readUInt8(signature.length - 1) ^ 1, signature.length - 1);
  return sequence(body, algorithm, der(TAG.bitString, Buffer.from([0]), signature));
}

const ALGORITHMS: Readonly<Record<string, string>> = {
  'ec sha1': '1.2.840.10045.4.1',
  'ec sha256': '1.2.840.10045.4.3.2',
  'ec sha384': '1.2.840.10045.4.3.3',
  'rsa sha1': '1.2.840.113549.1.1.5',
  'rsa sha256': '1.2.840.113549.1.1.11',
  'rsa sha384': '1.2.840.113549.1.1.12',
  'dsa sha256': '2.16.840.1.101.3.4.3.2',
};

function algorithmFor({ asymmetricKeyType: kind }: KeyObject, digest = 'sha256'): Buffer {
  const id = oid(oidHex(ALGORITHMS[`${kind} ${digest}`] ?? ''));
  return kind === 'rsa' ? sequence(id, der(TAG.null)) : sequence(id);
}

function writeTime(at: TimeSpec): Buffer {
  if (at instanceof Date) return time(at);
  return 'utc' in at ? der(TAG.utcTime, Buffer.from(at.utc)) : der(TAG.generalizedTime, Buffer.from(at.generalized));
}

function writeExtension({ id, critical = false, value }: ExtensionSpec): Buffer {
  const flag = critical ? [der(TAG.boolean, Buffer.from([0xff]))] : [];
  return sequence(oid(oidHex(id)), ...flag, der(TAG.octetString, value));
}

/** The extensions that tests write. */
export const extension = {
  basicConstraints: (ca: boolean, pathLength?: number, critical = true): ExtensionSpec => ({
    id: '2.5.29.19',
    critical,
    value: sequence(
      ...(ca ? [der(TAG.boolean, Buffer.from([0xff]))] : []),
      ...(pathLength === undefined ? [] : [der(TAG.integer, Buffer.from([pathLength]))]),
    ),
  }),
  /** The bits as their first octet: 0x80 signature, 0x40 non-repudiation, 0x04 certificates, 0x02 lists. */
  keyUsage: (bits: number, critical = true): ExtensionSpec => ({
    id: '2.5.29.15',
    critical,
    value: der(TAG.bitString, Buffer.from([trailingZeros(bits), bits])),
  }),
  keyId: (key: KeyObject): ExtensionSpec => ({ id: '2.5.29.14', value: der(TAG.octetString, keyHash(key)) }),
  authorityKeyId: (hash: Buffer): ExtensionSpec => ({ id: '2.5.29.35', value: sequence(der(0x80, hash)) }),
  /** A critical extension that nobody knows. */
  unknown: (critical = true): ExtensionSpec => ({ id: '2.16.840.1.101.2.1.12.2', critical, value: der(TAG.null) }),
  reason: (code: number): ExtensionSpec => ({ id: '2.5.29.21', value: der(0x0a, Buffer.from([code])) }),
  /** The parts of an issuing distribution point, encoded. */
  issuingPoint: (...parts: readonly Buffer[]): ExtensionSpec => ({
    id: '2.5.29.28',
    critical: true,
    value: sequence(...parts),
  }),
  points: (...urls: readonly string[]): ExtensionSpec => ({
    id: '2.5.29.31',
    value: sequence(...urls.map((url) => sequence(der(0xa0, der(0xa0, der(0x86, Buffer.from(url))))))),
  }),
  ocsp: (url: string): ExtensionSpec => ({
    id: '1.3.6.1.5.5.7.1.1',
    value: sequence(sequence(oid(oidHex('1.3.6.1.5.5.7.48.1')), der(0x86, Buffer.from(url)))),
  }),
  extendedKeyUsage: (...uses: readonly string[]): ExtensionSpec => ({
    id: '2.5.29.37',
    value: sequence(...uses.map((use) => oid(oidHex(use)))),
  }),
  nameConstraints: (critical: boolean): ExtensionSpec => ({
    id: '2.5.29.30',
    critical,
    value: sequence(der(0xa0, sequence(der(0x82, Buffer.from('example.be'))))),
  }),
  deltaOf: (number: number): ExtensionSpec => ({
    id: '2.5.29.27',
    critical: true,
    value: der(TAG.integer, Buffer.from([number])),
  }),
};

/** SHA-1 over the key, as a subject key identifier has it. */
export function keyHash(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}

function trailingZeros(bits: number): number {
  let count = 0;
  while (count < 7 && !((bits >> count) & 1)) count++;
  return count;
}

/** DER as PEM under this label. */
export function asPem(label: 'CERTIFICATE' | 'X509 CRL', bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
