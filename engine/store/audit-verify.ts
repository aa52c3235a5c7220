import { hashOf } from './audit-chain.ts';
import { diagnose, type Finding, type Suspect } from './audit-diagnosis.ts';
import { GENESIS, type Head, type KeptHead, readHead } from './audit-head.ts';
import { type LinkedLine, linkedAfter, type Waiting, waitingLines } from './audit-lines.ts';
import type { Db } from './database.ts';

export interface VerifyDeps {
  readonly db: Db;
  readonly key: Buffer;
  readonly headPath: string;
}

/** What was found out about the whole chain. */
export interface Verification {
  /** Nothing was found: what is linked is what was linked. */
  readonly ok: boolean;
  /** How many linked lines there are. */
  readonly lines: number;
  /** The last of them: keep it elsewhere, and give it to a later verification. */
  readonly end: Head;
  readonly findings: readonly Finding[];
  /** How many more things are wrong, when there are too many to tell each. */
  readonly more: number;
  /** Lines that are not linked yet: nothing can be said about them. */
  readonly waiting: Waiting;
}

const PAGE = 1_000;

/**
 * Recomputes the chain from its first line to its last and says which lines were changed, removed, put in or moved, and
 * whether its end was cut off: by the head kept beside the database, and by one (`given`) that somebody kept elsewhere.
 * Reads page by page; memory does not grow with the chain. An engine may run meanwhile.
 */
export async function verifyAudit({ db, key, headPath }: VerifyDeps, given?: Head): Promise<Verification> {
  const kept = await readHead(headPath, key); // before the lines: it is never ahead of them
  const heads = [...(kept.kind === 'kept' ? [kept.head] : []), ...(given ? [given] : [])];
  const walk = createWalk(key, heads);
  for (let after: number | undefined; ; ) {
    const lines = await linkedAfter(db, after, PAGE);
    for (const line of lines) walk.step(line);
    if (lines.length < PAGE) break;
    after = lines.at(-1)?.seq;
  }
  const { findings, ...seen } = walk.finish();
  const all = [...aboutKept(kept, seen.lines), ...findings];
  return { ok: all.length === 0 && seen.more === 0, ...seen, findings: all, waiting: await waitingLines(db) };
}

function aboutKept(kept: KeptHead, lines: number): Finding[] {
  const nowhere = { from: 0, to: 0 };
  if (kept.kind === 'unusable') {
    const text = 'head.json was changed, or made with another key: whether the end was cut off cannot be told';
    return [{ kind: 'head changed', ...nowhere, text }];
  }
  if (kept.kind === 'kept' || lines === 0) return [];
  return [
    { kind: 'head missing', ...nowhere, text: 'head.json is missing: whether the end was cut off cannot be told' },
  ];
}

const MAX_FINDINGS = 200;
const MAX_SUSPECTS = 32;
const MAX_SHIFT = 50;

/** Goes along the chain line by line; keeps no more than the lines that do not fit. */
function createWalk(key: Buffer, heads: readonly Head[]) {
  const findings: Finding[] = [];
  const suspects: Suspect[] = [];
  let pending: Suspect[] = []; // the lines since the last that fitted
  let previous: string | undefined = GENESIS.hash; // of the line before; undefined when that is missing
  let good = GENESIS.hash; // of the last line that fitted
  let shift = 0; // by how much the lines were numbered anew
  let end = GENESIS;
  let [lines, more] = [0, 0];
  const hashesAt = new Map<number, string>();

  const fits = (before: string, seq: number, line: LinkedLine) => hashOf(before, seq, line, key) === line.hash;

  function step(line: LinkedLine): void {
    lines += 1;
    if (line.seq < 1) found('inserted', line.seq, line.seq, 'put in before the first', 'was');
    else link(line);
  }

  function link(line: LinkedLine): void {
    if (line.seq > end.seq + 1) missing(end.seq + 1, line.seq - 1);
    previous = follow(line, previous);
    end = { seq: line.seq, hash: line.hash };
    if (heads.some(({ seq }) => seq === line.seq + shift)) hashesAt.set(line.seq + shift, line.hash);
  }

  /** Judges a line by the hash of the one before it, and gives the hash that the next line should follow. */
  function follow(line: LinkedLine, before: string | undefined): string {
    if (before === undefined) found('unproven', line.seq, line.seq, 'cannot be checked: the one before it is missing');
    else if (!fits(before, line.seq + shift, line)) return followOddly(line, before);
    settle();
    good = line.hash;
    return good;
  }

  function followOddly(line: LinkedLine, before: string): string {
    const last = more === 0 ? pending.at(-1) : undefined;
    if (last && exchanged(line, last)) good = last.line.hash;
    else if (last && (putIn(line, last) || takenOut(line, last, before))) {
      settle();
      good = line.hash;
    } else {
      suspect({ line, previous: before, seq: line.seq + shift });
      return line.hash;
    }
    return good;
  }

  /** True when this line and the one before it have changed places. */
  function exchanged(line: LinkedLine, last: Suspect): boolean {
    if (!fits(line.hash, line.seq + shift, last.line) || !fits(good, last.seq, line)) return false;
    found('moved', last.line.seq, last.line.seq, `holds what line ${line.seq} was`);
    found('moved', line.seq, line.seq, `holds what line ${last.line.seq} was`);
    pending = [];
    return true;
  }

  /** True when all that did not fit before this line was put in, and this line and those after it were numbered anew. */
  function putIn(line: LinkedLine, last: Suspect): boolean {
    if (!fits(good, line.seq + shift - pending.length, line)) return false;
    const first = pending[0] ?? last;
    found('inserted', first.line.seq, last.line.seq, 'put in, and those after it numbered anew', 'was');
    shift -= pending.length;
    pending = [];
    return true;
  }

  /** True when lines were taken out before the last that did not fit, and the rest were numbered anew. */
  function takenOut(line: LinkedLine, { line: { seq }, seq: from }: Suspect, before: string): boolean {
    for (let by = 1; by <= MAX_SHIFT; by += 1) {
      if (!fits(before, line.seq + shift + by, line)) continue;
      found('removed', from, from + by - 1, `removed, and those after it numbered anew from ${seq}`, 'was');
      found('unproven', seq, seq, 'cannot be checked: the one before it is missing');
      shift += by;
      pending.pop();
      return true;
    }
    return false;
  }

  function suspect(each: Suspect): void {
    if (suspects.length + pending.length < MAX_SUSPECTS) pending.push(each);
    else more += 1;
  }

  function settle(): void {
    suspects.push(...pending);
    pending = [];
  }

  function missing(from: number, to: number): void {
    settle();
    found('removed', from, to, 'missing', 'is');
    previous = undefined;
  }

  function found(kind: Finding['kind'], from: number, to: number, what: string, verb?: 'is' | 'was'): void {
    if (findings.length < MAX_FINDINGS) findings.push(finding(kind, from, to, what, verb));
    else more += 1;
  }

  function finish() {
    settle();
    findings.push(...diagnose(suspects, heads, key));
    if (suspects.length > 0 && suspects.length + more === lines && lines > 1) {
      findings.unshift(
        finding('other chain', 1, end.seq, 'does not fit the key at all: is it the key of another store?'),
      );
    }
    for (const head of heads) findings.push(...aboutHead(head));
    findings.sort((one, other) => one.from - other.from);
    return { lines, end, findings, more };
  }

  function aboutHead({ seq, hash }: Head): Finding[] {
    const last = end.seq + shift;
    if (last < seq) return [finding('cut off', last + 1, seq, `cut off: the head that was kept is line ${seq}`, 'was')];
    const named = findings.some(({ from, to }) => from <= seq && seq <= to) || more > 0;
    if (seq === 0 || hashesAt.get(seq) === hash || named) return [];
    return [finding('other chain', 1, seq, `not the chain whose head was kept: line ${seq} has another hash`, 'is')];
  }

  return { step, finish };
}

/** A finding with its sentence: about one line or several. */
function finding(kind: Finding['kind'], from: number, to: number, what: string, verb?: 'is' | 'was'): Finding {
  const one = from === to;
  const which = one ? `line ${from}` : `lines ${from} to ${to}`;
  const be = verb === undefined ? '' : { is: one ? 'is ' : 'are ', was: one ? 'was ' : 'were ' }[verb];
  return { kind, from, to, text: `${which} ${be}${what}` };
}
