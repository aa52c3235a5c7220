import { isIP } from 'node:net';
import { MAX_PROXY_HEADER_BYTES, readProxyHeader } from '../../../engine/core/proxy-header.ts';
import { localHeader, proxyHeader } from '../../support/proxy-header.ts';
import type { FuzzTarget } from '../target.ts';

const SAMPLES = [
  proxyHeader(),
  proxyHeader({ from: '2001:db8::1', to: '::1' }),
  proxyHeader({ more: Buffer.from('ea000501766f6964', 'hex') }),
  proxyHeader({ more: Buffer.alloc(500, 4) }),
  localHeader(),
  Buffer.concat([proxyHeader(), Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')]),
];

/** The header of a load balancer: addresses that are none, or two readings of the same bytes, would let a client choose who it is. */
export const proxyHeaders: FuzzTarget = {
  samples: async () => SAMPLES,
  words: [Buffer.from('0d0a0d0a000d0a515549540a', 'hex'), Buffer.from([0xff, 0xff]), Buffer.from([0x21, 0x11])],
  open: async () => ({ run: check, close: async () => undefined }),
};

function check(input: Buffer): void {
  const reading = readProxyHeader(input);
  if (reading.kind === 'more' && input.length > MAX_PROXY_HEADER_BYTES) throw new Error('it waits for ever');
  if (reading.kind === 'proxied' && isIP(reading.source.address) === 0) throw new Error('no address');
  if (!('length' in reading)) return;
  if (reading.length > input.length) throw new Error('longer than what came');
  for (let end = 0; end < reading.length; end += 1) {
    if (readProxyHeader(input.subarray(0, end)).kind !== 'more') throw new Error(`another reading of ${end} bytes`);
  }
  const alone = readProxyHeader(input.subarray(0, reading.length));
  if (JSON.stringify(alone) !== JSON.stringify(reading)) throw new Error('what follows changes it');
}
