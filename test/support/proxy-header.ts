import { isIPv4 } from 'node:net';

const SIGNATURE = '0d0a0d0a000d0a515549540a';

/** What a header says; everything has a default. */
export interface HeaderSpec {
  readonly from?: string;
  readonly to?: string;
  readonly ports?: readonly [number, number];
  /** 0x21 is PROXY, 0x20 LOCAL. */
  readonly command?: number;
  readonly family?: number;
  /** What follows the addresses. */
  readonly more?: Buffer;
}

/** A header of the PROXY protocol, version 2, as a load balancer sends it. */
export function proxyHeader(spec: HeaderSpec = {}): Buffer {
  const {
    from = '192.0.2.1',
    to = '192.0.2.99',
    ports = [40_000, 2222],
    command = 0x21,
    more = Buffer.alloc(0),
  } = spec;
  const { family = isIPv4(from) ? 0x11 : 0x21 } = spec;
  const numbers = Buffer.alloc(4);
  numbers.writeUInt16BE(ports[0], 0);
  numbers.writeUInt16BE(ports[1], 2);
  const body = Buffer.concat([octetsOf(from), octetsOf(to), numbers, more]);
  const head = Buffer.from([...Buffer.from(SIGNATURE, 'hex'), command, family, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([head, body]);
}

/** The header of a health check. */
export const localHeader = (): Buffer => Buffer.from(`${SIGNATURE}20000000`, 'hex');

function octetsOf(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => text.split(':').filter((group) => group !== '');
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex');
}
