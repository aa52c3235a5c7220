import { isIP } from 'node:net';
import { type Cidr, createRanges, parseCidr } from './cidr.ts';

/** What is not on the public internet, or leads to what is not (IANA's registries of special-purpose addresses). */
const PRIVATE_4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
];
const PRIVATE_6 = [
  ...['::/96', '::ffff:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64'],
  ...['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', '5f00::/16', 'fc00::/7', 'fe80::/9', 'ff00::/8'],
];

const cidrs = (texts: readonly string[]): Cidr[] => texts.flatMap((text) => parseCidr(text) ?? []);

/** Whether the engine may connect to an address that strangers chose: a public one, or one of the ranges that the operator allows. */
export type MayConnect = (address: string) => boolean;

/** Makes it of the ranges that are allowed although they are private. Zones (`fe80::1%eth0`) and what is no address are refused. */
export function publicOr(allowed: readonly string[]): MayConnect {
  // apart: to node, ::ffff:0:0/96 holds every address of IPv4
  const [private4, private6] = [createRanges(cidrs(PRIVATE_4)), createRanges(cidrs(PRIVATE_6))];
  const isPrivate = (address: string) => (isIP(address) === 4 ? private4 : private6)(address);
  const isAllowed = createRanges(cidrs(allowed));
  return (address) => isIP(address) !== 0 && !address.includes('%') && (isAllowed(address) || !isPrivate(address));
}
