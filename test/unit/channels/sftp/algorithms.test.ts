import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { watchForTerrapin } from '../../../../channels/sftp/algorithms.ts';
import { str, u32 } from '../../../support/sftp-client.ts';

const way = (cipher: string, mac: string) => ({ cipher, mac, compress: 'none', lang: '' });
const negotiated = (cipher: string, mac = '') => ({
  kex: 'curve25519-sha256',
  srvHostKey: 'ssh-ed25519',
  cs: way(cipher, mac),
  sc: way(cipher, mac),
});
const CHACHA = negotiated('chacha20-poly1305@openssh.com') as never;

const packet = (type: number, ...parts: Buffer[]) => {
  const body = Buffer.concat([Buffer.from([4, type]), ...parts, Buffer.alloc(4)]);
  return Buffer.concat([u32(body.length), body]);
};
const ident = Buffer.from('SSH-2.0-OpenSSH_9.0\r\n');
const offerOf = (methods: string) => packet(20, Buffer.alloc(16), str(methods), str('ssh-ed25519'));
const STRICT = 'curve25519-sha256,kex-strict-c-v00@openssh.com';

function watched(bytes: Buffer, size: number) {
  const socket = new PassThrough();
  const isTruncatable = watchForTerrapin(socket as unknown as Socket);
  for (let at = 0; at < bytes.length; at += size) socket.emit('data', bytes.subarray(at, at + size));
  return { socket, isTruncatable };
}

describe('watchForTerrapin', () => {
  const cases: [string, string, string, boolean][] = [
    ['curve25519-sha256', 'chacha20-poly1305@openssh.com', '', true],
    ['curve25519-sha256', 'aes128-ctr', 'hmac-sha2-256-etm@openssh.com', true],
    ['curve25519-sha256', 'aes128-ctr', 'hmac-sha2-256', false],
    ['curve25519-sha256', 'aes128-gcm@openssh.com', 'hmac-sha2-256-etm@openssh.com', false],
    [STRICT, 'chacha20-poly1305@openssh.com', '', false],
    [STRICT, 'aes128-ctr', 'hmac-sha2-256-etm@openssh.com', false],
    ['no-kex-strict-c-v00@openssh.com', 'chacha20-poly1305@openssh.com', '', true],
  ];
  for (const [offer, cipher, mac, truncatable] of cases) {
    it(`${truncatable ? 'warns of' : 'accepts'} ${cipher} ${mac} after an offer of ${offer}`, () => {
      for (const size of [1, 7, 1_000]) {
        const { socket, isTruncatable } = watched(Buffer.concat([ident, offerOf(offer)]), size);
        expect(isTruncatable(negotiated(cipher, mac) as never)).to.equal(truncatable);
        expect(socket.listenerCount('data')).to.equal(0);
      }
    });
  }

  const elsewhere: Record<string, Buffer[]> = {
    'in a packet that a man in the middle put in front': [packet(2, str(STRICT)), offerOf('curve25519-sha256')],
    'in an offer that is not the first packet': [packet(2, str('')), offerOf(STRICT)],
    'in another list of the offer': [packet(20, Buffer.alloc(16), str('curve25519-sha256'), str(STRICT))],
    'in a list that is longer than its packet': [packet(20, Buffer.alloc(16), u32(10_000), Buffer.from(STRICT))],
    'after a length that cannot be': [u32(0xffff_ffff), Buffer.from(STRICT)],
  };
  for (const [where, packets] of Object.entries(elsewhere)) {
    it(`does not take the word for it that stands ${where}`, () => {
      expect(watched(Buffer.concat([ident, ...packets]), 11).isTruncatable(CHACHA)).to.equal(true);
    });
  }

  it('does not take the word for it from the identification line', () => {
    const line = Buffer.from(`SSH-2.0-x ${STRICT}\r\n`);
    expect(watched(Buffer.concat([line, offerOf('curve25519-sha256')]), 50).isTruncatable(CHACHA)).to.equal(true);
  });

  it('cuts off a client whose identification has no end', () => {
    expect(watched(Buffer.alloc(8_192, 'A'), 1_000).socket.destroyed).to.equal(false);
    expect(watched(Buffer.alloc(8_193, 'A'), 1_000).socket.destroyed).to.equal(true);
  });
});
