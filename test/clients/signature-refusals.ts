import { der, oid, oidHex } from '../../engine/core/der.ts';
import type { Tree } from '../support/cms-surgery.ts';
import {
  attributeIn,
  attributesIn,
  certificatesIn,
  copyOf,
  derFrom,
  operate,
  resign,
  signedDataIn,
  signersIn,
  treeOf,
} from '../support/cms-surgery.ts';
import type { Case } from './signature-cases.ts';
import type { Lab } from './signature-lab.ts';
import { addSigner } from './signature-lab.ts';

const bySender = (lab: Lab) => lab.sign('sender');
const altered = (change: (tree: Tree, lab: Lab) => void) => async (lab: Lab) =>
  operate(await lab.sign('sender'), (tree) => change(tree, lab));
/** Changed attributes, under a true signature of the sender: only the rule about attributes can refuse them. */
const resigned = (change: (tree: Tree) => void) =>
  altered((tree, lab) => {
    change(tree);
    resign(tree, lab.key('sender'));
  });
const base64 = (bytes: Buffer) => Buffer.from(bytes.toString('base64'));
const damaged = { failed: ['integrity'], code: '125' } as const;

const CONTENT: readonly Case[] = [
  {
    name: 'content changed by one octet, signed attributes',
    make: bySender,
    content: (lab) => Buffer.from(lab.content.toString('latin1').replace('Form', 'Farm'), 'latin1'),
    ...damaged,
    detail: /not what was signed/,
  },
  {
    name: 'content changed by one octet, no signed attributes, RSA',
    make: (lab) => lab.sign('sender', '-noattr'),
    content: (lab) => Buffer.concat([lab.content, Buffer.from(' ')]),
    ...damaged,
  },
  {
    name: 'content changed by one octet, no signed attributes, RSA-PSS',
    make: (lab) => lab.sign('sender', '-noattr', '-keyopt', 'rsa_padding_mode:pss'),
    content: (lab) => Buffer.concat([lab.content, Buffer.from(' ')]),
    ...damaged,
  },
  {
    name: 'content changed by one octet, no signed attributes, ECDSA',
    make: (lab) => lab.sign('p384', '-noattr'),
    content: (lab) => Buffer.concat([lab.content, Buffer.from(' ')]),
    registered: ['p384'],
    ...damaged,
  },
  { name: 'the signature of an empty file', make: bySender, content: () => Buffer.alloc(0), ...damaged },
  {
    name: 'signature value changed by one bit',
    make: altered((tree) => (signersIn(tree)[0]!.children.at(-1)!.content[100]! ^= 1)),
    ...damaged,
    detail: /signature value/,
  },
  {
    name: 'signature value with a leading zero octet',
    make: altered((tree) => {
      const value = signersIn(tree)[0]!.children.at(-1)!;
      value.content = Buffer.concat([Buffer.from([0]), value.content]);
    }),
    ...damaged,
  },
  {
    name: 'signature value empty',
    make: altered((tree) => {
      signersIn(tree)[0]!.children.at(-1)!.content = Buffer.alloc(0);
    }),
    ...damaged,
  },
  {
    name: 'attached content',
    make: (lab) => lab.sign('sender', '-nodetach'),
    ...damaged,
    detail: /detached/,
    openssl: 'accepts',
  },
  {
    name: 'attached content as a BER stream',
    make: (lab) => lab.sign('sender', '-stream', '-nodetach'),
    ...damaged,
    detail: /detached/,
    openssl: 'accepts',
  },
];

const SIGNERS: readonly Case[] = [
  {
    name: 'no signer',
    make: altered((tree) => void signersIn(tree).splice(0)),
    ...damaged,
    detail: /nobody/,
  },
  {
    name: 'two signers, both good',
    make: async (lab) => addSigner(lab, await lab.sign('sender'), 'other'),
    ...damaged,
    detail: /more than one/,
    openssl: 'accepts', // one signer for one sender is the rule of the protocol, not of CMS
  },
  {
    name: 'two signers, the second bad',
    make: async (lab) =>
      operate(await addSigner(lab, await lab.sign('sender'), 'other'), (tree) => {
        for (const signer of signersIn(tree).slice(1)) signer.children.at(-1)!.content[9]! ^= 1;
      }),
    ...damaged,
    detail: /more than one/,
  },
  {
    name: 'two signers, the first bad',
    make: async (lab) =>
      operate(await addSigner(lab, await lab.sign('sender'), 'other'), (tree) => {
        signersIn(tree)[0]!.children.at(-1)!.content[9]! ^= 1;
      }),
    ...damaged,
    detail: /more than one/,
  },
  {
    name: 'the same signer twice',
    make: altered((tree) => void signersIn(tree).push(copyOf(signersIn(tree)[0]!))),
    ...damaged,
    openssl: 'accepts',
  },
  {
    name: 'the certificate of another sender',
    make: (lab) => lab.sign('other'),
    failed: ['senderBinding'],
    code: '153',
    openssl: 'accepts',
  },
  {
    name: 'no certificate registered',
    make: bySender,
    registered: [],
    failed: ['senderBinding'],
    code: '153',
    openssl: 'accepts',
  },
  {
    name: 'the certificate of another sender, and the content changed',
    make: (lab) => lab.sign('other'),
    content: (lab) => Buffer.concat([lab.content, Buffer.from('\n')]),
    failed: ['integrity', 'senderBinding'],
    code: '125',
  },
  {
    name: 'another sender, without the certificate',
    make: (lab) => lab.sign('other', '-nocerts'),
    failed: ['senderBinding'],
    code: '125',
    detail: /neither in the signature file nor registered/,
  },
  {
    name: "the sender's certificate put in the place of another sender's",
    make: async (lab) => {
      const own = treeOf(await lab.sign('sender'));
      return operate(await lab.sign('other'), (tree) => {
        signersIn(tree)[0]!.children[1] = signersIn(own)[0]!.children[1]!;
        certificatesIn(tree).splice(0, 1, certificatesIn(own)[0]!);
      });
    },
    ...damaged,
  },
];

const CERTIFICATES: readonly Case[] = [
  ...[
    { name: 'expired', words: 'expired certificate', check: 'validity', detail: /expired on 2026-01-01/ },
    { name: 'notYet', words: 'certificate not yet valid', check: 'validity', detail: /not valid before 2027-01-01/ },
    { name: 'unknown', words: 'unknown authority', check: 'chain', detail: /not issued under/ },
    { name: 'impostor', words: 'authority with the name of a trusted one', check: 'chain', detail: /not issued under/ },
    { name: 'wrongUsage', words: 'wrong key usage', check: 'chain', detail: /key usage/, openssl: 'accepts' },
    {
      name: 'wrongPurpose',
      words: 'wrong extended key usage',
      check: 'chain',
      detail: /extended key usage/,
      openssl: 'accepts',
    },
    { name: 'caAsSender', words: 'authority as signer', check: 'chain', detail: /authority/, openssl: 'accepts' },
    { name: 'ca', words: 'the trust anchor itself as signer', check: 'chain', detail: /authority/, openssl: 'accepts' },
    { name: 'oddExtension', words: 'unknown critical extension', check: 'chain', detail: /critical/ },
    { name: 'selfSigned', words: 'self-signed', check: 'chain', detail: /signed by itself/ },
    { name: 'sha1Signed', words: 'certificate signed with SHA-1', check: 'chain', detail: /sha1/, openssl: 'accepts' },
    { name: 'below', words: 'intermediate authority missing', check: 'chain', detail: /not issued under/ },
    { name: 'rsa1024', words: 'RSA 1024', check: 'algorithms', detail: /1024 bits/, openssl: 'accepts' },
    { name: 'p224', words: 'ECDSA on P-224', check: 'algorithms', detail: /curve/, openssl: 'accepts' },
    { name: 'k256', words: 'ECDSA on secp256k1', check: 'algorithms', detail: /curve/, openssl: 'accepts' },
  ].map(
    ({ name, words, check, detail, openssl }) =>
      ({
        name: words,
        make: (lab: Lab) => lab.sign(name),
        registered: [name],
        failed: [check],
        code: '125',
        detail,
        ...(openssl && { openssl }),
      }) as Case,
  ),
  ...[
    {
      name: 'belowExpired',
      by: ['expiredCa'],
      words: 'expired intermediate authority',
      check: 'validity',
      detail: /expired on 2025/,
    },
    {
      name: 'belowUseless',
      by: ['uselessCa'],
      words: 'authority that may not sign certificates',
      check: 'chain',
      detail: /authority/,
    },
    {
      name: 'belowSender',
      by: ['sender'],
      words: 'issued by a sender',
      check: 'chain',
      detail: /no certificate authority/,
    },
    { name: 'tooDeep', by: ['tooDeepCa', 'lastCa'], words: 'path length exceeded', check: 'chain', detail: /longer/ },
  ].map(
    ({ name, by, words, check, detail }) =>
      ({
        name: words,
        make: async (lab: Lab) => lab.sign(name, '-certfile', await lab.bundle(by)),
        registered: [name],
        failed: [check],
        code: '125',
        detail,
      }) as Case,
  ),
];

const ALGORITHMS: readonly Case[] = [
  { name: 'SHA-1', make: (lab) => lab.sign('sender', '-md', 'sha1'), ...weak('sha1') },
  { name: 'MD5', make: (lab) => lab.sign('sender', '-md', 'md5'), ...weak('md5') },
  { name: 'SHA-224', make: (lab) => lab.sign('sender', '-md', 'sha224'), ...weak('digest algorithm') },
  {
    name: 'SHA-1 without signed attributes',
    make: (lab) => lab.sign('sender', '-md', 'sha1', '-noattr'),
    ...weak('sha1'),
  },
  {
    name: 'digest of SignedData differs from that of the signer',
    make: async (lab) => {
      const other = treeOf(await lab.sign('sender', '-md', 'sha512'));
      return operate(await lab.sign('sender'), (tree) => {
        signedDataIn(tree).children[1] = signedDataIn(other).children[1]!;
      });
    },
    failed: ['algorithms'],
    code: '125',
    detail: /differ/,
  },
  {
    name: 'signature algorithm names another digest than the signer',
    make: altered((tree) => {
      const algorithm = signersIn(tree)[0]!.children[4]!;
      algorithm.children[0]!.content = Buffer.from(oidHex('1.2.840.113549.1.1.13'), 'hex');
    }),
    failed: ['algorithms'],
    code: '125',
    detail: /another digest/,
    openssl: 'not asked', // it goes by the signer's digest algorithm and does not compare
  },
  {
    name: 'signature algorithm of another kind of key',
    make: altered((tree) => {
      const algorithm = signersIn(tree)[0]!.children[4]!;
      algorithm.children = [treeOf(oid(oidHex('1.2.840.10045.4.3.2')))];
    }),
    failed: ['algorithms'],
    code: '125',
    detail: /does not fit the key/,
    openssl: 'not asked',
  },
  {
    name: 'RSA-PSS with another digest for the mask',
    make: (lab) => lab.sign('sender', '-keyopt', 'rsa_padding_mode:pss', '-keyopt', 'rsa_mgf1_md:sha512'),
    ...weak('signature algorithm'),
  },
];

function weak(word: string) {
  return { failed: ['algorithms'], code: '125', detail: new RegExp(word), openssl: 'accepts' } as const;
}

const broken = { failed: ['attributes'], code: '125' } as const;

const ATTRIBUTES: readonly Case[] = [
  {
    name: 'signed attributes stripped',
    make: altered((tree) => void signersIn(tree)[0]!.children.splice(3, 1)),
    ...damaged,
  },
  {
    name: 'signed attributes stripped and passed off as the content',
    make: async (lab) => {
      const signature = await lab.sign('sender');
      const stripped = operate(signature, (tree) => void signersIn(tree)[0]!.children.splice(3, 1));
      return { signature: stripped, content: attributesSet(signature) };
    },
    ...broken,
    detail: /looks like signed attributes/,
    openssl: 'accepts',
  },
  {
    name: 'a signature with attributes presented for those attributes',
    make: async (lab) => {
      const signature = await lab.sign('sender');
      return { signature, content: attributesSet(signature) };
    },
    ...damaged,
  },
  {
    name: 'signed attributes of another signature swapped in',
    make: async (lab) => {
      const other = treeOf(await lab.sign('sender', '-md', 'sha512'));
      return operate(await lab.sign('sender'), (tree) => {
        signersIn(tree)[0]!.children[3] = signersIn(other)[0]!.children[3]!;
      });
    },
    ...damaged,
  },
  { name: 'signed attributes empty', make: resigned((tree) => void attributesIn(tree).splice(0)), ...broken },
  {
    name: 'messageDigest missing',
    make: resigned((tree) => without(tree, 4)),
    ...broken,
    detail: /messageDigest.* 0 times/,
  },
  {
    name: 'contentType missing',
    make: resigned((tree) => without(tree, 3)),
    ...broken,
    detail: /contentType.* 0 times/,
  },
  {
    name: 'messageDigest twice',
    make: resigned((tree) => void attributesIn(tree).push(copyOf(attributeIn(tree, 4)))),
    ...broken,
    detail: /messageDigest.* 2 times/,
  },
  {
    name: 'contentType twice',
    make: resigned((tree) => void attributesIn(tree).push(copyOf(attributeIn(tree, 3)))),
    ...broken,
    detail: /contentType.* 2 times/,
  },
  {
    name: 'signingTime twice',
    make: resigned((tree) => void attributesIn(tree).push(copyOf(attributeIn(tree, 5)))),
    ...broken,
    detail: /signingTime/,
  },
  {
    name: 'messageDigest with two values, one of them right',
    make: resigned((tree) => {
      const values = attributeIn(tree, 4).children[1]!;
      values.children.push({ tag: 0x04, content: Buffer.alloc(32), children: [] });
    }),
    ...broken,
    detail: /holds no digest/,
  },
  {
    name: 'messageDigest without a value',
    make: resigned((tree) => void attributeIn(tree, 4).children[1]!.children.splice(0)),
    ...broken,
    detail: /holds no digest/,
  },
  {
    name: 'messageDigest cut short',
    make: resigned((tree) => {
      const value = attributeIn(tree, 4).children[1]!.children[0]!;
      value.content = value.content.subarray(0, 16);
    }),
    ...damaged,
  },
  {
    name: 'contentType is not data',
    make: resigned((tree) => {
      attributeIn(tree, 3).children[1]!.children[0]!.content = Buffer.from(oidHex('1.2.840.113549.1.7.2'), 'hex');
    }),
    ...broken,
    detail: /not "data"/,
    openssl: 'accepts', // it does not compare
  },
];

/** The SET OF attributes of a signature: what an attacker shows as content. */
function attributesSet(signature: Buffer): Buffer {
  return der(0x31, ...attributesIn(treeOf(signature)).map(derFrom));
}

function without(tree: Tree, number: 3 | 4 | 5): void {
  const all = attributesIn(tree);
  all.splice(all.indexOf(attributeIn(tree, number)), 1);
}

const asText = (change: (text: string) => string) => (signature: Buffer) =>
  Buffer.from(change(signature.toString('base64')), 'latin1');
const file = (name: string, encode: (signature: Buffer) => Buffer, detail?: RegExp): Case => ({
  name,
  make: bySender,
  encode,
  ...damaged,
  ...(detail && { detail }),
  openssl: 'not asked',
});

const FILES: readonly Case[] = [
  file('an empty file', () => Buffer.alloc(0), /empty/),
  file('trailing octets after DER', (der_) => Buffer.concat([der_, Buffer.from([0])]), /after the end/),
  file('a line end after DER', (der_) => Buffer.concat([der_, Buffer.from('\n')]), /after the end/),
  file('trailing octets inside base64', (der_) => base64(Buffer.concat([der_, Buffer.from('x')])), /after the end/),
  file(
    'text after base64',
    asText((text) => `${text}\n#`),
    /not base64/,
  ),
  file('two signatures one after the other', (der_) => Buffer.concat([der_, der_]), /after the end/),
  file('two signatures in base64', (der_) => Buffer.concat([base64(der_), Buffer.from('\n'), base64(der_)])),
  file('two PEM blocks', (der_) => Buffer.concat([pem(der_, 'CMS'), pem(der_, 'CMS')]), /one PEM block/),
  file('PEM with another label', (der_) => pem(der_, 'CERTIFICATE'), /one PEM block/),
  file('PEM whose labels differ', (der_) => Buffer.from(pem(der_, 'CMS').toString().replace('END CMS', 'END PKCS7'))),
  file('PEM without an end', (der_) => pem(der_, 'CMS').subarray(0, -20), /one PEM block/),
  file('DER cut short', (der_) => der_.subarray(0, -1), /longer than|too early/),
  file(
    'base64 cut short',
    asText((text) => text.slice(0, 400)),
  ),
  file(
    'base64 with a character of another alphabet',
    asText((text) => `${text.slice(0, 8)}-${text.slice(9)}`),
    /not base64/,
  ),
  file(
    'a NUL in base64',
    asText((text) => `${text.slice(0, 80)}\0${text.slice(80)}`),
    /not base64/,
  ),
  file('UTF-16', (der_) => Buffer.from(`\ufeff${der_.toString('base64')}`, 'utf16le'), /not base64/),
  file('random text', () => Buffer.from('this is not a signature\n'), /not base64/),
  file('larger than allowed', (der_) => Buffer.concat([base64(der_), Buffer.alloc(300 * 1024, '\n')]), /larger than/),
  file('nested 100,000 deep', () => Buffer.alloc(200_000, Buffer.from([0x30, 0x80])), /too deeply/),
  file('100,000 elements', () => der(0x30, Buffer.alloc(200_000, Buffer.from([0x05, 0x00]))), /too many elements/),
  file('a length of four gigabytes', () => Buffer.from('3084ffffffff0609', 'hex'), /longer than/),
  file(
    'CMS that is not SignedData',
    (der_) => operate(der_, (tree) => (tree.children[0]!.content = data)),
    /not SignedData/,
  ),
];

const data = Buffer.from(oidHex('1.2.840.113549.1.7.3'), 'hex');

function pem(signature: Buffer, label: string): Buffer {
  const lines = (signature.toString('base64').match(/.{1,64}/g) ?? []).join('\n');
  return Buffer.from(`-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`);
}

/** Signatures that must be refused, each for its own reason. */
export const REFUSED: readonly Case[] = [
  ...CONTENT,
  ...SIGNERS,
  ...CERTIFICATES,
  ...ALGORITHMS,
  ...ATTRIBUTES,
  ...FILES,
];
