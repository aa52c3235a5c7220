import { BlockList, isIP } from 'node:net';
import type { MayConnect } from '../core/private-addresses.ts';

const LONGEST = 2_000;

/**
 * Why events cannot be sent to a URL, for the end of a sentence; undefined when they can, as far as the URL tells: what its name
 * resolves to is looked at whenever something is sent.
 */
export function urlFault(text: string, mayConnect: MayConnect): string | undefined {
  if (text.length > LONGEST) return `is longer than ${LONGEST} characters`;
  const url = URL.parse(text);
  if (!url) return 'is no URL';
  if (url.username !== '' || url.password !== '' || url.hash !== '') return 'has a user, a password or a fragment';
  const address = addressIn(url);
  if (address !== undefined && !mayConnect(address)) return 'is of an address that is not public';
  if (url.protocol === 'https:') return undefined;
  // for trials on one machine: only where the operator has allowed this very address
  return url.protocol === 'http:' && address !== undefined && isLoopback(address) ? undefined : 'is not https';
}

/** The address that a URL names itself, without brackets; undefined when it has a name to be resolved. */
export function addressIn({ hostname }: URL): string | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) === 0 ? undefined : bare;
}

function isLoopback(address: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}
