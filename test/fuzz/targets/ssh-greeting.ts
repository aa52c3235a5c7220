import { createGreeting } from '../../../channels/sftp/greeting.ts';
import type { FuzzTarget } from '../target.ts';

/** A key exchange offer with these methods, as a packet. */
function offer(methods: string): Buffer {
  const list = Buffer.from(methods);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(list.length);
  const body = Buffer.concat([Buffer.from([4, 20]), Buffer.alloc(16, 7), length, list, Buffer.alloc(9 * 4 + 5 + 4)]);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([Buffer.from('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'), head, body]);
}

const SAMPLES = [
  offer('curve25519-sha256,kex-strict-c-v00@openssh.com'),
  offer('a'),
  offer(''),
  offer('x,'.repeat(2_000)),
];

/** The first that an SSH client sends, all in clear. */
export const sshGreeting: FuzzTarget = {
  samples: async () => SAMPLES,
  words: [Buffer.from('SSH-2.0-'), Buffer.from('\n'), Buffer.from([0xff, 0xff, 0xff, 0xff]), Buffer.alloc(4)],
  open: async () => ({ run: check, close: async () => undefined }),
};

function check(input: Buffer): void {
  const whole = methodsOf([input]);
  const pieces = Array.from({ length: Math.ceil(input.length / 7) }, (_, at) => input.subarray(at * 7, at * 7 + 7));
  if (methodsOf(pieces) !== whole) throw new Error('the pieces that it comes in change it');
}

function methodsOf(pieces: readonly Buffer[]): string {
  const greeting = createGreeting();
  for (const piece of pieces) {
    const state = greeting.push(piece);
    if (state !== 'more') return `${state} ${greeting.methods().join()}`;
  }
  return `more ${greeting.methods().join()}`;
}
