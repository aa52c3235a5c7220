import { keys } from '../engine/core/mistakes.ts';
import { addresses, count, duration } from './values.ts';

/** When failed logins end in a ban, and of whom never. */
export const loginsSchema = () =>
  keys({
    perAddress: count('Failed logins from one IPv4 address, or 64 bits of IPv6, after which it is banned', 30, 1, 1e6),
    perAddressAndLogin: count('Failed logins as one sender from one address after which both together are', 10, 1, 1e6),
    perLogin: count('Failed logins as one sender from anywhere after which each address has one try', 300, 1, 1e6),
    halfLife: duration(
      'Half of what has failed is forgotten in this time; a ban lasts as long or twice as long',
      '10m',
      {
        min: '1s',
        max: '7d',
      },
    ),
    allow: addresses('Addresses that are never banned'),
  });
