import { hashOf } from './audit-chain.ts';
import type { Head } from './audit-head.ts';
import type { LinkedLine } from './audit-lines.ts';

/** One thing that is wrong with the chain, about the lines `from` to `to`. */
export interface Finding {
  readonly kind:
    | 'changed'
    | 'hash changed'
    | 'removed'
    | 'inserted'
    | 'moved'
    | 'cut off'
    | 'unproven' // its predecessor is missing, so nothing can be said of it
    | 'other chain'
    | 'head changed'
    | 'head missing';
  readonly from: number;
  readonly to: number;
  /** A sentence for people. */
  readonly text: string;
}

/** A line that does not fit the one before it. */
export interface Suspect {
  readonly line: LinkedLine;
  /** The stored hash of the line before it. */
  readonly previous: string;
  /** The place it should have. */
  readonly seq: number;
}

/**
 * Says of each line that does not fit what was done to it, by trying what would make it fit: another place, the content
 * or the hash of another suspect. The work grows with the third power of the suspects: give it few.
 */
export function diagnose(suspects: readonly Suspect[], heads: readonly Head[], key: Buffer): Finding[] {
  const computed = suspects.map(({ previous, seq, line }) => hashOf(previous, seq, line, key));
  const hashes = [...new Set([...suspects.flatMap(({ line, previous }) => [line.hash, previous]), ...computed])];
  const fits = (previous: string, seq: number, line: LinkedLine) => hashOf(previous, seq, line, key) === line.hash;
  const before = (at: number) => suspects.findIndex(({ seq }) => seq === (suspects[at]?.seq ?? 0) - 1);

  /** The hash that its own content was made with: it is the line before that was tampered with. */
  const trueBefore = ({ seq, line }: Suspect) => hashes.find((hash) => fits(hash, seq, line));

  function hashChanged(at: number): boolean {
    const next = suspects.findIndex((_, other) => before(other) === at);
    const { seq } = suspects[at]!;
    const known = heads.some((head) => head.seq === seq && head.hash === computed[at]);
    return known || (next >= 0 && trueBefore(suspects[next]!) === computed[at]);
  }

  /** The place of another suspect that this line was made for, or whose content it holds. */
  function madeFor({ line, seq, previous }: Suspect): number | undefined {
    const others = suspects.filter((other) => other.seq !== seq);
    const place = others.find((other) => hashes.some((hash) => fits(hash, other.seq, line)));
    if (place) return place.seq;
    return others.find((other) => hashOf(previous, seq, other.line, key) === line.hash)?.seq;
  }

  function judge(suspect: Suspect, at: number): Finding | undefined {
    const { seq } = suspect.line;
    const about = (kind: Finding['kind'], text: string) => ({ kind, from: seq, to: seq, text: `line ${seq} ${text}` });
    if (hashChanged(at)) return about('hash changed', 'has another hash than it had');
    if (trueBefore(suspect) !== undefined) return undefined;
    const origin = madeFor(suspect);
    if (origin !== undefined) return about('moved', `holds what line ${origin} was`);
    if (heads.length > 0 && heads.every((head) => seq > head.seq))
      return about('inserted', 'was put in after the end that was kept, or changed');
    return about('changed', before(at) >= 0 ? 'was changed, or the hash of the one before it was' : 'was changed');
  }

  return suspects.map(judge).filter((finding) => finding !== undefined);
}
