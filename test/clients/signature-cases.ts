import { der, oid, oidHex, sequence, TAG } from '../../engine/core/der.ts';
import type { SignaturePolicy } from '../../engine/intake/signature.ts';
import type { SignatureReport } from '../../engine/intake/signature-report.ts';
import type { Tree } from '../support/cms-surgery.ts';
import {
  berFrom,
  certificatesIn,
  copyOf,
  derFrom,
  operate,
  resign,
  signedDataIn,
  signersIn,
  treeOf,
} from '../support/cms-surgery.ts';
import type { Lab } from './signature-lab.ts';

/** The properties of a report that have an outcome of their own. */
export const CHECKS = ['integrity', 'attributes', 'algorithms', 'chain', 'validity', 'senderBinding'] as const;

/** A signature together with the content it is presented for. */
export interface Made {
  readonly signature: Buffer;
  readonly content: Buffer;
}

/** One line of the matrix: a signature and what must be found out about it. */
export interface Case {
  readonly name: string;
  /** The signature in DER or BER, as `openssl` can judge it. */
  make(lab: Lab): Promise<Buffer | Made>;
  /** How it is written into the FS file; absent: as it is. */
  encode?(signature: Buffer): Buffer;
  /** What it is presented for; absent: the declaration of the lab. */
  content?(lab: Lab): Buffer;
  /** Names of the certificates registered for the sender; absent: `sender`. */
  readonly registered?: readonly string[];
  readonly policy?: Partial<SignaturePolicy>;
  /** The checks that fail; none: valid. */
  readonly failed?: readonly (typeof CHECKS)[number][];
  readonly code?: '125' | '153';
  readonly detail?: RegExp;
  readonly expect?: Partial<SignatureReport>;
  /** What `openssl cms -verify` says; absent: the same as the engine (only asked about DER and BER). */
  readonly openssl?: 'accepts' | 'refuses' | 'not asked';
  readonly opensslOptions?: (lab: Lab) => readonly string[];
}

const PSS = ['-keyopt', 'rsa_padding_mode:pss'];
const TEXT = ['-outform', 'DER'];

const digests = ['sha256', 'sha384', 'sha512'] as const;
const attributeForms = [
  { words: 'with signed attributes', options: [], signedAttributes: true },
  { words: 'without signed attributes', options: ['-noattr'], signedAttributes: false },
];

/** Every key kind, digest and attribute form of the protocol. */
function algorithms(): Case[] {
  const kinds = [
    { words: 'RSA PKCS#1 v1.5', name: 'sender', options: [], says: 'RSA PKCS#1 v1.5 with' },
    { words: 'RSA-PSS', name: 'sender', options: PSS, says: 'RSA-PSS with' },
    ...['p256', 'p384', 'p521'].map((name) => ({ words: `ECDSA ${name}`, name, options: [], says: 'ECDSA with' })),
  ];
  return kinds.flatMap((kind) =>
    digests.flatMap((digest) =>
      attributeForms.map(({ words, options, signedAttributes }) => ({
        name: `${kind.words}, ${digest}, ${words}`,
        make: (lab: Lab) => lab.sign(kind.name, '-md', digest, ...kind.options, ...options),
        registered: [kind.name],
        expect: { form: 'raw' as const, digest, signedAttributes },
      })),
    ),
  );
}

const base64 = (signature: Buffer) => signature.toString('base64');
const wrapped = (signature: Buffer, end: string) => (base64(signature).match(/.{1,76}/g) ?? []).join(end) + end;
const text = (value: string) => Buffer.from(value, 'latin1');
const pem = (label: string) => (signature: Buffer) =>
  text(`-----BEGIN ${label}-----\n${wrapped(signature, '\n')}-----END ${label}-----\n`);

const ENCODINGS: readonly (readonly [string, (signature: Buffer) => Buffer])[] = [
  ['base64 in one line', (signature) => text(base64(signature))],
  ['base64 in one line with a line end', (signature) => text(`${base64(signature)}\n`)],
  ['base64 in lines of 76, LF', (signature) => text(wrapped(signature, '\n'))],
  ['base64 in lines of 76, CRLF', (signature) => text(wrapped(signature, '\r\n'))],
  ['base64 in lines of 76, CR', (signature) => text(wrapped(signature, '\r'))],
  [
    'base64 after a byte-order mark',
    (signature) => Buffer.concat([text('\xef\xbb\xbf'), text(wrapped(signature, '\n'))]),
  ],
  ['PEM labelled CMS', pem('CMS')],
  ['PEM labelled PKCS7', pem('PKCS7')],
  ['PEM with CRLF', (signature) => text(pem('CMS')(signature).toString('latin1').replaceAll('\n', '\r\n'))],
];

function encodings(): Case[] {
  return [
    ...ENCODINGS.map(([name, encode]) => ({ name, make: (lab: Lab) => lab.sign('sender'), encode })),
    {
      name: 'BER with indefinite lengths',
      make: async (lab) => berFrom(treeOf(await lab.sign('sender', '-nosmimecap'))),
    },
    {
      name: 'BER with indefinite lengths in base64',
      make: async (lab) => berFrom(treeOf(await lab.sign('p256', '-nosmimecap'))),
      encode: (signature) => text(wrapped(signature, '\n')),
      registered: ['p256'],
    },
    {
      name: 'BER with indefinite lengths down to the values of attributes',
      make: async (lab) => berFrom(treeOf(await lab.sign('sender'))),
      openssl: 'refuses', // it does not encode the values of attributes again; RFC 5652 §5.4 asks for DER
    },
    {
      name: 'BER with a signature cut in pieces',
      make: async (lab) => operate(await lab.sign('sender'), cutSignature),
    },
  ];
}

function cutSignature(tree: ReturnType<typeof treeOf>): void {
  const signature = signersIn(tree)[0]!.children.at(-1)!;
  const part = (from: number, to: number) => ({
    tag: 0x04,
    content: signature.content.subarray(from, to),
    children: [],
  });
  signature.children = [part(0, 100), part(100, signature.content.length)];
  signature.tag = 0x24;
}

const UNSORTED = 'signed attributes in another order';

const FORMS: readonly Case[] = [
  {
    name: 'signed over CRLF line ends, with signed attributes',
    make: (lab) => lab.signWith('sender', TEXT),
    expect: { form: 'text' },
    opensslOptions: () => ['-purpose', 'any'],
  },
  {
    name: 'signed over CRLF line ends, without signed attributes',
    make: (lab) => lab.signWith('p384', [...TEXT, '-noattr']),
    registered: ['p384'],
    expect: { form: 'text' },
    opensslOptions: () => ['-purpose', 'any'],
  },
  {
    name: 'openssl smime in PKCS7, over CRLF line ends',
    make: (lab) => lab.signWith('sender', [...TEXT, '-nosmimecap']),
    encode: pem('PKCS7'),
    expect: { form: 'text' },
    opensslOptions: () => ['-purpose', 'any'],
  },
  {
    name: 'signature algorithm sha256WithRSAEncryption, digest with NULL parameters (Java)',
    make: async (lab) =>
      operate(await lab.sign('sender'), (tree) => {
        const signer = signersIn(tree)[0]!;
        signer.children[2]!.children.push(treeOf(der(TAG.null)));
        signer.children[4]!.children[0] = treeOf(oid(oidHex('1.2.840.113549.1.1.11')));
      }),
  },
  {
    name: 'signer named by key identifier',
    make: (lab) => lab.sign('sender', '-keyid'),
  },
  {
    name: 'no certificate inside, signer named by issuer and number',
    make: (lab) => lab.sign('sender', '-nocerts'),
    registered: ['other', 'sender'],
    opensslOptions: (lab) => ['-binary', '-purpose', 'any', '-certfile', lab.pem('sender')],
  },
  {
    name: 'no certificate inside, signer named by key identifier',
    make: (lab) => lab.sign('p256', '-nocerts', '-keyid'),
    registered: ['other', 'p256'],
    opensslOptions: (lab) => ['-binary', '-purpose', 'any', '-certfile', lab.pem('p256')],
  },
  {
    name: 'RSA-PSS with a salt as long as the digest',
    make: (lab) => lab.sign('sender', ...PSS, '-keyopt', 'rsa_pss_saltlen:32'),
  },
  {
    name: 'RSA-PSS without salt and without signed attributes',
    make: (lab) => lab.sign('sender', ...PSS, '-keyopt', 'rsa_pss_saltlen:0', '-noattr'),
  },
  { name: 'RSA-PSS with a key for PSS only', make: (lab) => lab.sign('pssKey', ...PSS), registered: ['pssKey'] },
  {
    name: 'RSA-PSS with a key for PSS only, without signed attributes',
    make: (lab) => lab.sign('pssKey', ...PSS, '-noattr'),
    registered: ['pssKey'],
  },
  { name: 'RSA of 3072 bits', make: (lab) => lab.sign('rsa3072'), registered: ['rsa3072'] },
  {
    name: 'issued by an intermediate authority that comes along',
    make: (lab) => lab.sign('below', '-certfile', lab.pem('intermediate')),
    registered: ['below'],
  },
  {
    name: 'issued by an intermediate authority, behind twenty forgeries of it',
    make: async (lab) =>
      operate(await lab.sign('below', '-certfile', lab.pem('intermediate')), (tree) => {
        const bag = certificatesIn(tree);
        const real = bag.findIndex(({ children }) => isAuthority(children[0]!));
        const forged = Array.from({ length: 20 }, (_, number) => forgeryOf(bag[real]!, number));
        bag.unshift(...forged);
      }),
    openssl: 'refuses', // it takes the first of the name and does not look for another
    registered: ['below'],
  },
  {
    name: 'certificates of others in the bag',
    make: (lab) => lab.sign('sender', '-certfile', lab.pem('other')),
  },
  { name: 'certificate without key usage', make: (lab) => lab.sign('noUsage'), registered: ['noUsage'] },
  {
    name: 'key usage nonRepudiation alone (eID)',
    make: (lab) => lab.sign('nonRepudiation'),
    registered: ['nonRepudiation'],
  },
  {
    name: `${UNSORTED}, signed as they stand`,
    make: async (lab) => operate(await lab.sign('sender'), (tree) => void resign(turned(tree), lab.key('sender'))),
  },
  {
    name: `${UNSORTED}, signed in DER order`,
    make: async (lab) =>
      operate(await lab.sign('sender'), (tree) => void resign(turned(tree), lab.key('sender'), 'sorted')),
    openssl: 'refuses', // it takes the order received; RFC 5652 §5.4 asks for DER order
  },
  {
    name: 'SHA-1 where the operator allows it',
    make: (lab) => lab.sign('sender', '-md', 'sha1'),
    policy: { allow: ['sha1'] },
  },
  {
    name: 'MD5 where the operator allows it',
    make: (lab) => lab.sign('sender', '-md', 'md5'),
    policy: { allow: ['md5'] },
  },
  {
    name: 'RSA 1024 where the operator allows it',
    make: (lab) => lab.sign('rsa1024'),
    registered: ['rsa1024'],
    policy: { allow: ['rsa1024'] },
  },
  {
    name: 'self-signed and registered, where the operator allows it',
    make: (lab) => lab.sign('selfSigned'),
    registered: ['selfSigned'],
    policy: { selfSigned: 'registered' },
    opensslOptions: (lab) => ['-binary', '-purpose', 'any', '-CAfile', lab.pem('selfSigned')],
  },
  {
    name: 'an unsigned attribute added by a third party',
    make: async (lab) =>
      operate(await lab.sign('sender'), (tree) => {
        const [signer] = signersIn(tree);
        const attribute = treeOf(sequence(oid(oidHex('1.2.3.4')), der(TAG.set, der(TAG.null))));
        signer!.children.push({ tag: 0xa1, content: Buffer.alloc(0), children: [attribute] });
      }),
  },
  {
    name: 'a list of revoked certificates inside is passed over',
    make: async (lab) =>
      operate(await lab.sign('sender'), (tree) => {
        signedDataIn(tree).children.splice(4, 0, { tag: 0xa1, content: Buffer.alloc(0), children: [] });
      }),
  },
];

function isAuthority(body: Tree): boolean {
  return derFrom(body.children[5]!).includes('intermediate');
}

/** The same certificate under a signature that is not its issuer's. */
function forgeryOf(certificate: Tree, number: number): Tree {
  const forged = copyOf(certificate);
  forged.children[2]!.content[20 + number]! ^= 1;
  return forged;
}

/** Reverses the signed attributes of the first signer. */
function turned(tree: ReturnType<typeof treeOf>): ReturnType<typeof treeOf> {
  signersIn(tree)[0]!.children[3]!.children.reverse();
  return tree;
}

/** Signatures that must be found valid. */
export const ACCEPTED: readonly Case[] = [...algorithms(), ...encodings(), ...FORMS];
