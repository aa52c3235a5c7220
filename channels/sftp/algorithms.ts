import type { Socket } from 'node:net';
import type { Algorithms, NegotiatedAlgorithms } from 'ssh2';
import { createGreeting } from './greeting.ts';

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

const STRICT = 'kex-strict-c-v00@openssh.com';

/**
 * Tells, once a handshake is complete, whether it is open to prefix truncation (Terrapin, CVE-2023-48795):
 * ChaCha20-Poly1305 or encrypt-then-MAC with a client whose first packet was not an offer that asks for strict key
 * exchange. Cuts off a client that does not identify itself within 8 KiB.
 */
export function watchForTerrapin(socket: Socket): (negotiated: NegotiatedAlgorithms) => boolean {
  const greeting = createGreeting();

  function watch(bytes: Buffer): void {
    const state = greeting.push(bytes);
    if (state !== 'more') stop();
    if (state === 'too long') socket.destroy();
  }

  function stop(): void {
    socket.off('data', watch);
  }

  socket.on('data', watch);
  return ({ cs, sc }) => {
    stop();
    return !greeting.methods().includes(STRICT) && [cs, sc].some(isTruncatable);
  };
}

function isTruncatable({ cipher, mac }: NegotiatedAlgorithms['cs']): boolean {
  return cipher.startsWith('chacha20-poly1305') || (!cipher.includes('gcm') && mac.includes('-etm@'));
}
