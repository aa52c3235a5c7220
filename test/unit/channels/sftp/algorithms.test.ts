import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { watchForTerrapin } from '../../../../channels/sftp/algorithms.ts';

const way = (cipher: string, mac: string) => ({ cipher, mac, compress: 'none', lang: '' });
const negotiated = (cipher: string, mac = '') => ({
  kex: 'curve25519-sha256',
  srvHostKey: 'ssh-ed25519',
  cs: way(cipher, mac),
  sc: way(cipher, mac),
});

describe('watchForTerrapin', () => {
  const STRICT = 'curve25519-sha256,kex-strict-c-v00@openssh.com';
  const cases: [string, string, string, boolean][] = [
    ['curve25519-sha256', 'chacha20-poly1305@openssh.com', '', true],
    ['curve25519-sha256', 'aes128-ctr', 'hmac-sha2-256-etm@openssh.com', true],
    ['curve25519-sha256', 'aes128-ctr', 'hmac-sha2-256', false],
    ['curve25519-sha256', 'aes128-gcm@openssh.com', 'hmac-sha2-256-etm@openssh.com', false],
    [STRICT, 'chacha20-poly1305@openssh.com', '', false],
    [STRICT, 'aes128-ctr', 'hmac-sha2-256-etm@openssh.com', false],
  ];
  for (const [offer, cipher, mac, truncatable] of cases) {
    it(`${truncatable ? 'warns of' : 'accepts'} ${cipher} ${mac} after an offer of ${offer}`, () => {
      const socket = new PassThrough();
      const isTruncatable = watchForTerrapin(socket as unknown as Socket);
      for (const piece of offer.match(/.{1,7}/g) ?? []) socket.emit('data', Buffer.from(piece));
      expect(isTruncatable(negotiated(cipher, mac) as never)).to.equal(truncatable);
      expect(socket.listenerCount('data')).to.equal(0);
    });
  }
});
