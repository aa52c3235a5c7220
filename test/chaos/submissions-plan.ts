import { enterpriseNumberOf } from '../../scripts/declaration/numbers.ts';
import { type Random, seededRandom } from '../support/random.ts';

/** One form of a planned part; its reference is unlike any other in the run. */
export interface PlannedForm {
  readonly reference: string;
  readonly companyId: string;
  readonly persons: number;
  /** Has an anomaly for which it must be refused. */
  readonly blocked: boolean;
}

/** What is sent, and so how it must be answered. */
export type SetKind = 'good' | 'bad signature' | 'bad XML' | 'bad value' | 'same again' | 'other content';

/** One submission of the run. */
export interface PlannedSet {
  readonly index: number;
  /** From 0. */
  readonly sender: number;
  readonly kind: SetKind;
  /** The five characters of the file name that tell sets of a sender apart. */
  readonly sequence: string;
  readonly parts: readonly (readonly PlannedForm[])[];
  /** Put under temporary names, then renamed. */
  readonly renamed: boolean;
  /** False: sent once, and left alone when that fails. */
  readonly persistent: boolean;
  /** Not sent before this moment of the run. */
  readonly dueMs: number;
  /** The set whose name it bears (`same again`, `other content`). */
  readonly original?: number;
}

export interface SubmissionsPlan {
  readonly senders: number;
  readonly sets: readonly PlannedSet[];
}

export const SENDERS = 5;
const EMPLOYERS = 4;
/** The mailboxes that accepted forms end in. */
export const MAILBOXES: readonly string[] = Array.from({ length: EMPLOYERS }, (_, at) => enterpriseNumberOf(at));

/** Out of a hundred sets; the rest is good. */
const SHARE: readonly (readonly [SetKind, number])[] = [
  ['bad signature', 5],
  ['bad XML', 4],
  ['bad value', 3],
  ['same again', 5],
  ['other content', 5],
];
const ONE_TRY_OF_100 = 8;
const RENAMED_OF_100 = 30;
/** A name is used again only so long after its first set that no session with that one can still be alive. */
const REUSE_AFTER_MS = 30_000;

/** All submissions of a run, the same for the same seed, spread over `windowMs`. */
export function planSubmissions(seed: number, count: number, windowMs: number): SubmissionsPlan {
  const random = seededRandom(seed);
  const sets: PlannedSet[] = [];
  for (let index = 0; index < count; index += 1) {
    const dueMs = Math.round((windowMs * (index + random.below(1000) / 1000)) / count);
    sets.push(planSet({ seed, index, dueMs, before: sets }, random));
  }
  return { senders: SENDERS, sets };
}

interface Place {
  readonly seed: number;
  readonly index: number;
  readonly dueMs: number;
  readonly before: readonly PlannedSet[];
}

function planSet({ seed, index, dueMs, before }: Place, random: Random): PlannedSet {
  const kind = kindOf(random.below(100));
  const originals = before.filter((set) => set.kind === 'good' && set.persistent && set.dueMs < dueMs - REUSE_AFTER_MS);
  const renamed = random.below(100) < RENAMED_OF_100;
  const persistent = random.below(100) >= ONE_TRY_OF_100;
  const common = { index, dueMs, renamed };
  if (kind === 'same again' || kind === 'other content') {
    const unused = originals.filter(({ index: original }) => before.every((set) => set.original !== original));
    if (unused.length > 0) return repetition(random.pick(unused), { ...common, kind, seed }, random);
  }
  const made = kind === 'same again' || kind === 'other content' ? 'good' : kind;
  const sequence = String(index + 1).padStart(5, '0');
  const parts = planParts(`${seed % 1_000_000}-${index}`, random);
  return { ...common, sender: random.below(SENDERS), kind: made, sequence, parts, persistent };
}

function repetition(
  original: PlannedSet,
  set: Pick<PlannedSet, 'index' | 'dueMs' | 'renamed' | 'kind'> & { readonly seed: number },
  random: Random,
): PlannedSet {
  const { seed, ...common } = set;
  const { sender, sequence } = original;
  const other = planParts(`${seed % 1_000_000}-${set.index}`, random).slice(0, original.parts.length);
  const parts = set.kind === 'same again' ? original.parts : [other[0] ?? [], ...original.parts.slice(1)];
  return { ...common, sender, sequence, parts, persistent: true, original: original.index };
}

function kindOf(draw: number): SetKind {
  let left = draw;
  for (const [kind, share] of SHARE) {
    if (left < share) return kind;
    left -= share;
  }
  return 'good';
}

function planParts(id: string, random: Random): PlannedForm[][] {
  const parts = random.pick([1, 1, 1, 1, 1, 1, 2, 3]);
  return Array.from({ length: parts }, (_, part) => planForms(`${id}-${part + 1}`, random));
}

/** Mostly a few forms of a person or two; sometimes forty, or one of so many persons that its file is large. */
function planForms(id: string, random: Random): PlannedForm[] {
  const count = random.pick([1, 1, 1, 1, 2, 2, 3, 5, 1 + random.below(40)]);
  const many = random.below(100) < 6 ? 30 + random.below(90) : undefined;
  return Array.from({ length: count }, (_, at) => ({
    reference: `${id}-${at + 1}`,
    companyId: random.pick(MAILBOXES),
    persons: at === 0 && many !== undefined ? many : 1 + random.below(2),
    blocked: random.below(100) < 10,
  }));
}
