import { type Chain, type ChainRequest, findChain, soundChains } from './chain.ts';
import { type RevocationFinding, worstOf } from './revocation/finding.ts';
import type { CheckRevocation } from './revocation/revocation.ts';

/** What there is to say of a certificate's way to an anchor. */
export interface PathVerdict {
  readonly chain: Chain;
  /** Absent when no way keeps every rule, or when revocation was not to be asked about. */
  readonly revocation?: RevocationFinding;
}

/** Cross certificates make several ways; more than so many are not asked about. */
const MOST_WAYS = 4;

/** Looks for a way to an anchor that keeps every rule and on which nothing is revoked; of several ways one that is good is enough. */
export async function judgePath(request: ChainRequest, check: CheckRevocation | undefined): Promise<PathVerdict> {
  const [first, ...others] = soundChains(request, MOST_WAYS);
  if (!first || !check) return { chain: first ?? findChain(request) };
  const findings: RevocationFinding[] = [];
  for (const chain of [first, ...others]) {
    const finding = await check({ ...request, path: chain.path });
    if (finding.status === 'good') return { chain, revocation: finding };
    findings.push(finding);
  }
  return { chain: first, revocation: worstOf(findings) };
}
