import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createConverter, createDigestStream, digestOf } from '../../../engine/landing/content-digest.ts';
import { seededRandom } from '../../support/random.ts';

const hex = (algorithm: string, bytes: Buffer | string) => createHash(algorithm).update(bytes).digest('hex');
const sha256 = (bytes: Buffer | string) => hex('sha256', bytes);

/** The rule in one line, to compare the streaming code with. */
const textForm = (text: string) => text.replace(/\r*\n/g, '\r\n').replace(/\r+$/, '');

const TEXTS = [
  '',
  'a',
  'a\n',
  'a\r\n',
  'a\r\nb\r\n',
  'a\nb\r\nc\n',
  'a\rb',
  'a\r\rb\n',
  '\r\r\n',
  'a\r',
  'a\r\r',
  '\n\n',
  'a\r\n\r\r\nb\r\n',
  'a\n\rb',
  '\r',
];

describe('content digests', () => {
  for (const text of TEXTS) {
    it(`of ${JSON.stringify(text)} are the same in one piece and in every pair of pieces`, () => {
      const bytes = Buffer.from(text);
      const expected = expectedOf(text);
      expect(digestOf(bytes)).to.deep.equal(expectedInHand(text));
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        expect(digestInPieces([bytes.subarray(0, cut), bytes.subarray(cut)]), `cut at ${cut}`).to.deep.equal(expected);
      }
    });
  }

  it('follow the rule for 2000 random texts in random pieces', () => {
    const random = seededRandom(7);
    const letters = ['a', '\r', '\n', '\r\n', 'bc'];
    for (let round = 0; round < 2_000; round += 1) {
      const text = Array.from({ length: random.below(20) }, () => random.pick(letters)).join('');
      const pieces = text.split(/(?<=.)/s).map((piece) => Buffer.from(piece));
      const joined: Buffer[] = [];
      for (const piece of pieces) {
        const last = joined.at(-1);
        if (last && random.below(2) === 0) joined[joined.length - 1] = Buffer.concat([last, piece]);
        else joined.push(piece);
      }
      expect(digestInPieces(joined), JSON.stringify(text)).to.deep.equal(expectedOf(text));
    }
  });

  it('stop following the text form beyond the limit, and say so', () => {
    const stream = createDigestStream(10);
    for (const piece of ['abc\n', 'def\r', '\nghi\n']) stream.update(Buffer.from(piece));
    expect(stream.end()).to.deep.equal({ sha256: sha256('abc\ndef\r\nghi\n'), digests: { textComplete: false } });
  });

  it('are those that `openssl cms -sign` signs without -binary', function () {
    this.timeout(60_000);
    const dir = mkdtempSync(join(tmpdir(), 'bode-text-'));
    try {
      const signedDigest = createSigner(dir);
      for (const text of TEXTS) {
        expect(signedDigest(Buffer.from(text)), JSON.stringify(text)).to.equal(sha256(textForm(text)));
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('createConverter', () => {
  function converted(pieces: readonly string[]): string {
    let text = '';
    const convert = createConverter((bytes) => {
      text += bytes.toString('latin1');
    });
    for (const piece of pieces) convert(Buffer.from(piece));
    return text;
  }

  it('passes on the text form of content in pieces', () => {
    expect(converted(['a\n', 'b\r', '\nc\r', 'd\r\r', '\n', '', 'e'])).to.equal('a\r\nb\r\nc\rd\r\ne');
  });

  it('holds no more than a count of any number of CRs', () => {
    const crs = '\r'.repeat(50_000);
    expect(converted([crs, crs, crs, '\n'])).to.equal('\r\n');
    expect(converted([crs, crs, crs, 'x'])).to.equal(`${crs}${crs}${crs}x`);
    expect(converted([crs, crs, crs])).to.equal('');
  });
});

/** Of content in hand: the text form's SHA-256 only. */
function expectedInHand(text: string) {
  const canonical = textForm(text);
  return { sha256: sha256(text), digests: canonical === text ? {} : { 'sha256:text': sha256(canonical) } };
}

/** Of content that is followed while it comes in: every algorithm of both forms. */
function expectedOf(text: string) {
  const others = { sha384: hex('sha384', text), sha512: hex('sha512', text) };
  const canonical = textForm(text);
  const ofText = ['sha256', 'sha384', 'sha512'].map((algorithm) => [`${algorithm}:text`, hex(algorithm, canonical)]);
  return { sha256: sha256(text), digests: canonical === text ? others : { ...others, ...Object.fromEntries(ofText) } };
}

function digestInPieces(pieces: readonly Buffer[]) {
  const stream = createDigestStream(1_000_000);
  for (const piece of pieces) stream.update(piece);
  return stream.end();
}

/** Signs with openssl and reads the messageDigest attribute out of what it made. */
function createSigner(dir: string): (content: Buffer) => string {
  const [key, certificate, file] = ['key.pem', 'cert.pem', 'content'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=t', '-keyout', key, '-out', certificate);
  return (content) => {
    writeFileSync(file, content);
    const signature = openssl(
      'cms',
      '-sign',
      '-in',
      file,
      '-signer',
      certificate,
      '-inkey',
      key,
      '-md',
      'sha256',
      '-outform',
      'DER',
    );
    // messageDigest, then SET { OCTET STRING of 32 bytes }
    const oid = Buffer.from('06092a864886f70d01090431220420', 'hex');
    const at = signature.indexOf(oid) + oid.length;
    return signature.subarray(at, at + 32).toString('hex');
  };
}

function openssl(...args: string[]): Buffer {
  const { status, stdout, stderr } = spawnSync('openssl', args);
  expect(status, stderr.toString()).to.equal(0);
  return stdout;
}
