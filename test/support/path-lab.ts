import {
  type CertificateToWrite,
  extension,
  type KeyPair,
  keyHash,
  type ListToWrite,
  newKey,
  writeCertificate,
  writeList,
  writeName,
} from './certificate-writer.ts';

/** A moment in the validity of everything that a lab writes unless told otherwise. */
export const LAB_NOW = new Date('2026-06-01T12:00:00Z');

/** A certificate authority of a lab: its name, its key, and the certificate that says so. */
export interface Authority {
  readonly name: Buffer;
  readonly key: KeyPair;
  readonly certificate: Buffer;
}

type Spec = Partial<Omit<CertificateToWrite, 'key' | 'signer'>> & { readonly key?: KeyPair };
type Below = Spec & { readonly by?: Authority };
type Listing = Partial<Omit<ListToWrite, 'signer'>> & { readonly by?: Authority; readonly signer?: KeyPair };

/** Everything that a path is judged with. */
export interface PathInput {
  readonly leaf: Buffer;
  readonly between: readonly Buffer[];
  readonly lists: readonly Buffer[];
}

/** Certificates and lists under one trust anchor, each with keys of its own. */
export interface PathLab {
  readonly anchor: Authority;
  authority(name: string, spec?: Below): Authority;
  entity(spec?: Below): Buffer;
  list(spec?: Listing): Buffer;
  /** The leaf, the certificates of authorities from the anchor down, and a list of nobody of each of them and of the anchor. */
  path(leaf: Buffer, authorities: readonly Authority[], over?: Partial<PathInput>): PathInput;
}

/** The name of an organisation of the lab with this common name. */
export const labName = (text: string): Buffer =>
  writeName([
    { type: '2.5.4.6', text: 'BE', as: 'printable' },
    { type: '2.5.4.10', text: 'Test Certificates' },
    { type: '2.5.4.3', text },
  ]);

/** Usage of the key of an authority: certificates and lists. */
export const AUTHORITY_USAGE = 0x06;
export const SIGNER_USAGE = 0xc0;

/** Opens a lab with a new anchor. */
export function openPathLab(anchorKey: KeyPair = newKey()): PathLab {
  const name = labName('Trust Anchor');
  const anchor = {
    name,
    key: anchorKey,
    certificate: issue({ subject: name, key: anchorKey, extensions: AUTHORITY }, { name, key: anchorKey }),
  };
  const list = ({ by = anchor, signer = by.key, issuer = by.name, extensions = [], ...spec }: Listing = {}) =>
    writeList({
      ...spec,
      issuer,
      signer,
      extensions: [...extensions, extension.authorityKeyId(keyHash(signer.publicKey))],
    });
  return {
    anchor,
    authority(text, { by = anchor, key = newKey(), extensions = AUTHORITY, ...spec } = {}) {
      const subject = spec.subject ?? labName(text);
      return { name: subject, key, certificate: issue({ ...spec, subject, key, extensions }, by) };
    },
    entity({ by = anchor, key = newKey(), subject = labName('End Entity'), extensions = ENTITY, ...spec } = {}) {
      return issue({ ...spec, subject, key, extensions }, by);
    },
    list,
    path: (leaf, authorities, over = {}) => ({
      leaf,
      between: authorities.map(({ certificate }) => certificate),
      lists: [anchor, ...authorities].map((by) => list({ by })),
      ...over,
    }),
  };
}

const AUTHORITY = [extension.basicConstraints(true), extension.keyUsage(AUTHORITY_USAGE)];
const ENTITY = [extension.keyUsage(SIGNER_USAGE)];

/** Every certificate has key identifiers, unless the test says otherwise: OpenSSL finds its way among equal names by them alone. */
function issue(
  { key, extensions = [], ...spec }: Spec & { readonly subject: Buffer; readonly key: KeyPair },
  by: Pick<Authority, 'name' | 'key'>,
): Buffer {
  const ids = [extension.keyId(key.publicKey), extension.authorityKeyId(keyHash(by.key.publicKey))];
  const missing = ids.filter(({ id }) => !extensions.some((own) => own.id === id));
  const all = [...extensions, ...missing];
  return writeCertificate({
    ...spec,
    extensions: all,
    issuer: spec.issuer ?? by.name,
    key: key.publicKey,
    signer: by.key,
  });
}
