import type { Socket } from 'node:net';
import type { Algorithms, NegotiatedAlgorithms } from 'ssh2';

/** What may be negotiated: no SHA-1, no CBC, no compression. Strict key exchange is always offered. */
export const ALGORITHMS = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
} as const satisfies Algorithms;

const STRICT = Buffer.from('kex-strict-c-v00@openssh.com');
const GREETING_BYTES = 64 * 1024; // the first offer of a client, which goes in clear, is shorter

/**
 * Tells, once a handshake is complete, whether it is open to prefix truncation (Terrapin, CVE-2023-48795):
 * ChaCha20-Poly1305 or encrypt-then-MAC with a client that did not ask for strict key exchange.
 */
export function watchForTerrapin(socket: Socket): (negotiated: NegotiatedAlgorithms) => boolean {
  let seen = Buffer.alloc(0);
  let strict = false;

  function watch(bytes: Buffer): void {
    seen = Buffer.concat([seen, bytes]);
    strict = seen.includes(STRICT);
    if (strict || seen.length > GREETING_BYTES) stop();
  }

  function stop(): void {
    socket.off('data', watch);
    seen = Buffer.alloc(0);
  }

  socket.on('data', watch);
  return ({ cs, sc }) => {
    stop();
    return !strict && [cs, sc].some(isTruncatable);
  };
}

function isTruncatable({ cipher, mac }: NegotiatedAlgorithms['cs']): boolean {
  return cipher.startsWith('chacha20-poly1305') || (!cipher.includes('gcm') && mac.includes('-etm@'));
}
