import { SocketAddress } from 'node:net';
import { plainAddress } from './cidr.ts';

/** What a header of the PROXY protocol, version 2, says about the connection that follows it. */
export type ProxyHeader =
  /** The proxy speaks for itself, as in a health check: the addresses of the connection hold. */
  | { readonly kind: 'local'; readonly length: number }
  /** Where the client really is, and which address it came to. */
  | { readonly kind: 'proxied'; readonly length: number; readonly source: Endpoint; readonly destination: Endpoint };

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** `more` while the bytes are a beginning of a header; `invalid` as soon as they cannot become one. */
export type ProxyReading = ProxyHeader | { readonly kind: 'more' } | { readonly kind: 'invalid' };

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const FIXED_BYTES = 16;
/** The most that a whole header may take: addresses and room for the additions that real proxies send. */
export const MAX_PROXY_HEADER_BYTES = 2_048;

const LOCAL = 0x20; // version 2 and the command, in one byte
const PROXY = 0x21;
const TCP4 = 0x11;
const TCP6 = 0x21;

const MORE = { kind: 'more' } as const;
const INVALID = { kind: 'invalid' } as const;

/**
 * Reads a header at the beginning of `bytes`, which may hold more. Pure, strict: TCP over IPv4 or IPv6 only; what
 * follows the addresses (TLVs) is passed over. `length` is where the header ends.
 */
export function readProxyHeader(bytes: Buffer): ProxyReading {
  const begun = Math.min(bytes.length, SIGNATURE.length);
  if (!bytes.subarray(0, begun).equals(SIGNATURE.subarray(0, begun))) return INVALID;
  if (bytes.length < FIXED_BYTES) return MORE;
  const length = FIXED_BYTES + bytes.readUInt16BE(14);
  const [command, family] = [bytes[12], bytes[13]];
  if (length > MAX_PROXY_HEADER_BYTES || (command !== LOCAL && command !== PROXY)) return INVALID;
  if (command === PROXY && length < FIXED_BYTES + addressBytes(family)) return INVALID;
  if (bytes.length < length) return MORE;
  return command === LOCAL ? { kind: 'local', length } : { kind: 'proxied', length, ...addressesIn(bytes, family) };
}

/** How long both addresses with their ports are; endless for anything but TCP. */
function addressBytes(family: number | undefined): number {
  if (family === TCP4) return 12;
  return family === TCP6 ? 36 : Infinity;
}

function addressesIn(bytes: Buffer, family: number | undefined): { source: Endpoint; destination: Endpoint } {
  const size = family === TCP4 ? 4 : 16;
  const [from, ports] = [FIXED_BYTES, FIXED_BYTES + 2 * size];
  return {
    source: { address: textOf(bytes.subarray(from, from + size)), port: bytes.readUInt16BE(ports) },
    destination: { address: textOf(bytes.subarray(from + size, ports)), port: bytes.readUInt16BE(ports + 2) },
  };
}

function textOf(octets: Buffer): string {
  if (octets.length === 4) return octets.join('.');
  const groups = Array.from({ length: 8 }, (_, at) => octets.readUInt16BE(2 * at).toString(16));
  // the one spelling that the system has for it: addresses are compared as text
  return plainAddress(new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address);
}
