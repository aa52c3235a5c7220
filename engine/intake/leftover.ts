import { bareName, isTemporary, parsePart, setPrefixes, triggerRole } from '../landing/file-name.ts';
import type { Goals } from '../registry/goals.ts';
import type { Fault } from './checks/check.ts';
import type { ReceivedFile } from './evaluate.ts';

/** What a file that no GO has released can be told to be by its name. */
export type Leftover =
  /** A GO or TD: the intake takes it in, and tries again when it could not. */
  | { readonly kind: 'trigger' }
  /** An upload that its client never gave its name. */
  | { readonly kind: 'unfinished' }
  /** A part of a set: with the prefixes of all that belongs to it. */
  | { readonly kind: 'set'; readonly stem: string; readonly prefixes: readonly string[]; readonly goal: string }
  /** An FI or FS without the name of a set, with its twin; or a name that says nothing at all. */
  | { readonly kind: 'misnamed' | 'unknown'; readonly stem: string; readonly names: readonly string[] };

const STEM = /^F[IS]\.(([A-Z]{4})\.\d{6}\.\d{8}\.[0-9A-Z]{5}\.[RTS])(?:\.|$)/;

/** Tells what a left-over file is; `complete` false: its upload never ended. */
export function leftoverOf(name: string, complete: boolean): Leftover {
  if (!complete || isTemporary(name)) return { kind: 'unfinished' };
  if (triggerRole(name)) return { kind: 'trigger' };
  const [, stem, goal] = STEM.exec(name) ?? [];
  if (stem !== undefined && goal !== undefined) return { kind: 'set', stem, goal, prefixes: setPrefixes(stem) };
  if (!/^F[IS](\.|$)/.test(name)) return { kind: 'unknown', stem: name, names: [name] };
  const bare = bareName(name);
  if (bare === '') return { kind: 'misnamed', stem: name, names: [name] };
  return { kind: 'misnamed', stem: bare, names: setPrefixes(bare) };
}

/** True for a finished file that belongs to the set of this stem, well named or almost. */
export function belongsTo(name: string, stem: string): boolean {
  return !isTemporary(name) && STEM.exec(name)?.[1] === stem;
}

/** Where a file of a left-over set stands in it; 0 when its name does not say. A name that says nothing counts as FI. */
export function roleAndPart(name: string, stem: string, legacyNames: boolean): Pick<ReceivedFile, 'role' | 'part'> {
  const role = /^FS(\.|$)/.test(name) ? 'FS' : 'FI';
  return { role, part: parsePart(name, stem, legacyNames)?.part ?? 0 };
}

const GRAMMAR = 'is not <role>.<goal>.<sender>.<date>.<sequence>.<environment>.<parts>.<part>';

/** The receipt codes of left-over files: 130 for a set, 131 and 132 for names that are not well-formed, 129 for others. */
export function faultsOfLeftover(kind: 'set' | 'misnamed' | 'unknown', files: readonly ReceivedFile[]): Fault[] {
  const wait: Fault[] = kind === 'set' ? [{ code: '130', detail: 'no GO came in time for these files' }] : [];
  return [...wait, ...files.filter(({ part }) => part === 0).map((file) => nameFault(kind, file))];
}

function nameFault(kind: 'set' | 'misnamed' | 'unknown', { file, role }: ReceivedFile): Fault {
  if (kind === 'unknown')
    return { code: '129', detail: 'the name begins with none of FI, FS, GO and TD', file: file.name };
  return {
    code: role === 'FI' ? '131' : '132',
    detail: `the name ${GRAMMAR.replace('<role>', role)}`,
    file: file.name,
  };
}

/** A key that all files of one left-over have in common, within their folder. */
export function keyOf(leftover: Leftover): string | undefined {
  return 'stem' in leftover ? `${leftover.kind} ${leftover.stem}` : undefined;
}

/** True when the goal in the name of a set still takes names without a number of parts. */
export function takesLegacyNames(leftover: Leftover, goals: Goals): boolean {
  return leftover.kind === 'set' && (goals[leftover.goal]?.legacyNames ?? false);
}
