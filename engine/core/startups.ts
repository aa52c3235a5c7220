/** One connection that has not logged in yet. */
export interface Startup {
  /** Where it comes from, as the socket says it. */
  readonly address: string;
}

export interface StartupLimits {
  /** Connections that have not logged in yet. */
  readonly startups: number;
  readonly startupsPerAddress: number;
}

/** What to do with a connection that comes in: take it, turn it away, or take it in the place of another. */
export type Admission<T> =
  | { readonly kind: 'take' }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'replace'; readonly drop: T };

/**
 * Decides by how many are waiting, oldest first. When all places are taken, the oldest of the network that has most has
 * to go, if that is more than the newcomer's has: whoever opens many connections cannot lock out who opens one.
 */
export function admitStartup<T extends Startup>(
  waiting: readonly T[],
  address: string,
  { startups, startupsPerAddress }: StartupLimits,
): Admission<T> {
  const groups = byNetwork(waiting);
  const own = groups.get(networkOf(address))?.length ?? 0;
  if (own >= startupsPerAddress) return { kind: 'refuse' };
  if (waiting.length < startups) return { kind: 'take' };
  const largest = [...groups.values()].reduce((a, b) => (b.length > a.length ? b : a), []);
  const [drop] = largest;
  return drop && largest.length > own ? { kind: 'replace', drop } : { kind: 'refuse' };
}

function byNetwork<T extends Startup>(waiting: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const startup of waiting) {
    const network = networkOf(startup.address);
    groups.set(network, [...(groups.get(network) ?? []), startup]);
  }
  return groups;
}

/** The address that counts: all of IPv4, the first 64 bits of IPv6, since one customer has at least those. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1]) return mapped[1];
  if (!address.includes(':')) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const before = head.split(':').filter(Boolean);
  const after = (tail ?? '').split(':').filter(Boolean);
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
