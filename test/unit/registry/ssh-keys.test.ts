import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import ssh2 from 'ssh2';
import { newKeyPair } from '../../../channels/sftp/key-pair.ts';
import { EngineError } from '../../../engine/core/errors.ts';
import { parseSshKey } from '../../../engine/registry/ssh-keys.ts';
import { seededRandom } from '../../support/random.ts';

const pair = (type: 'ed25519' | 'ecdsa' | 'rsa', bits?: number) =>
  type === 'ed25519'
    ? newKeyPair('ed25519', () => ssh2.utils.generateKeyPairSync('ed25519', { comment: 'desk of Jan' }))
    : ssh2.utils.generateKeyPairSync(type, { bits: bits as 256 });

const field = (bytes: Buffer | string) => {
  const body = Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
};

const lineOf = (type: string, ...fields: (Buffer | string)[]) =>
  `${type} ${Buffer.concat([field(type), ...fields.map(field)]).toString('base64')}`;

describe('parseSshKey', () => {
  it('reads Ed25519, ECDSA and RSA keys, and gives the fingerprint that ssh-keygen prints', () => {
    const line = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl github.com';
    expect(parseSshKey(line)).to.include({
      type: 'ssh-ed25519',
      fingerprint: '+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU',
    });
    for (const [type, bits] of [
      ['ed25519', undefined],
      ['ecdsa', 256],
      ['ecdsa', 384],
      ['ecdsa', 521],
      ['rsa', 2048],
    ] as const) {
      const { public: publicKey } = pair(type, bits);
      const key = parseSshKey(`${publicKey}\n`);
      expect(key.type).to.equal(publicKey.split(' ')[0]);
      expect(key.blob.toString('base64')).to.equal(publicKey.split(' ')[1]);
      expect(key.fingerprint).to.match(/^[A-Za-z0-9+/]{43}$/);
    }
  });

  const rsa = (bits: number, exponent = 65_537) => {
    const { n, e } = createPublicKey(
      generateKeyPairSync('rsa', { modulusLength: bits, publicExponent: exponent }).publicKey.export({
        type: 'pkcs1',
        format: 'pem',
      }),
    ).export({ format: 'jwk' });
    const number = (text = '') => Buffer.concat([Buffer.alloc(1), Buffer.from(text, 'base64url')]);
    return lineOf('ssh-rsa', number(e), number(n));
  };
  const ed25519 = pair('ed25519').public;

  const bad: Record<string, [string, RegExp]> = {
    nothing: ['', /must begin with/],
    'a private key': ['-----BEGIN OPENSSH PRIVATE KEY-----', /must begin with/],
    DSA: [lineOf('ssh-dss', 'x'), /DSA/],
    'a certificate': [`ssh-ed25519-cert-v01@openssh.com ${ed25519.split(' ')[1]}`, /certificate/],
    'a security key': [lineOf('sk-ssh-ed25519@openssh.com', Buffer.alloc(32)), /must begin with/],
    'RSA of 1024 bits': [rsa(1024), /1024 bits is too short/],
    'RSA of 2047 bits': [
      lineOf('ssh-rsa', Buffer.from([1, 0, 1]), Buffer.concat([Buffer.from([0x7f]), Buffer.alloc(255, 1)])),
      /2047 bits is too short/,
    ],
    'RSA of 16384 bits': [lineOf('ssh-rsa', Buffer.from([1, 0, 1]), Buffer.alloc(2048, 0xff)), /too long/],
    'an even exponent': [lineOf('ssh-rsa', Buffer.from([4]), Buffer.alloc(256, 0xff)), /exponent/],
    'an exponent of one': [lineOf('ssh-rsa', Buffer.from([1]), Buffer.alloc(256, 0xff)), /exponent/],
    'a huge exponent': [lineOf('ssh-rsa', Buffer.alloc(100, 0xff), Buffer.alloc(256, 0xff)), /exponent/],
    'a short Ed25519 key': [lineOf('ssh-ed25519', Buffer.alloc(31)), /damaged/],
    'a key of another type inside': [`ecdsa-sha2-nistp256 ${ed25519.split(' ')[1]}`, /does not match/],
    'another curve inside': [lineOf('ecdsa-sha2-nistp256', 'nistp384', Buffer.alloc(65, 4)), /damaged/],
    'a compressed point': [lineOf('ecdsa-sha2-nistp256', 'nistp256', Buffer.alloc(65, 2)), /damaged/],
    'options in front': [`command="sh" ${ed25519}`, /must begin with/],
    'text that is not base64': ['ssh-ed25519 AAAA!', /base64/],
    'two lines': [`${ed25519}\n${ed25519}`, /one line/],
  };
  for (const [what, [line, reason]] of Object.entries(bad)) {
    it(`refuses ${what} with a sentence`, () => {
      const error = failureOf(line);
      expect(error).to.be.instanceOf(EngineError).and.to.include({ code: 'provision_invalid' });
      expect((error as EngineError).message).to.match(reason);
    });
  }

  it('refuses or reads 2000 damaged keys, and never breaks', () => {
    const random = seededRandom(3);
    const blob = parseSshKey(ed25519).blob;
    for (let round = 0; round < 2_000; round += 1) {
      const damaged = Buffer.from(blob.subarray(0, random.below(blob.length + 1)));
      if (damaged.length > 0) damaged[random.below(damaged.length)] = random.below(256);
      const error = failureOf(`ssh-ed25519 ${damaged.toString('base64')}`);
      if (error) expect(error).to.be.instanceOf(EngineError);
    }
  });
});

function failureOf(line: string): unknown {
  try {
    parseSshKey(line);
    return undefined;
  } catch (error) {
    return error;
  }
}
