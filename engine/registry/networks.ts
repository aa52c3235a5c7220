import { createRanges, parseCidr } from '../core/cidr.ts';

/** The fixed links by name: networks that a sender can be bound to (config/networks.yaml). */
export interface Networks {
  /** Whether an address lies in the link of this name; false when there is no such link. */
  has(name: string, address: string): boolean;
  /** Whether an address lies in any link. */
  hasAny(address: string): boolean;
}

/** Creates the fixed links from their ranges, each as `10.1.0.0/16` or `2001:db8::/32`. */
export function createNetworks(lists: Readonly<Record<string, readonly string[]>>): Networks {
  const rangesOf = (texts: readonly string[]) => createRanges(texts.flatMap((text) => parseCidr(text) ?? []));
  const links = new Map(Object.entries(lists).map(([name, texts]) => [name, rangesOf(texts)]));
  return {
    has: (name, address) => links.get(name)?.(address) ?? false,
    hasAny: (address) => [...links.values()].some((includes) => includes(address)),
  };
}
