import type { FolderName } from './folders.ts';

export type Role = 'FI' | 'FS' | 'GO' | 'TD';
export type TriggerRole = 'GO' | 'TD';

/** The elements of a GO or TD name as they were written, before any of them is judged (protocol §1.1). */
export interface TriggerName {
  readonly role: TriggerRole;
  readonly text: string;
  /** What ties the set together: everything but the prefix and the count. */
  readonly stem: string;
  readonly goal: string;
  readonly sender: string;
  readonly date: string;
  readonly sequence: string;
  readonly environment: string;
  /** Absent in the legacy form. */
  readonly count?: string;
}

/** The name of an FI or FS file that belongs to a stem. */
export interface PartName {
  readonly role: 'FI' | 'FS';
  readonly count: number;
  readonly part: number;
}

const TEMPORARY = /^\.|\.(part|tmp|filepart)$/i;

/** True for the names that clients give a file while it is on its way. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/** GO or TD when a file of this name starts or cancels a submission; temporary names of clients do not. */
export function triggerRole(name: string): TriggerRole | undefined {
  if (TEMPORARY.test(name)) return undefined;
  const match = /^(GO|TD)(\.|$)/.exec(name);
  return match?.[1] as TriggerRole | undefined;
}

/**
 * Splits a GO or TD name into its seven elements, or six in the legacy form without count.
 * Undefined when the structure is not that (107); what is inside each element is judged later.
 */
export function parseTrigger(text: string): TriggerName | undefined {
  const elements = text.split('.');
  const [role, goal, sender, date, sequence, environment, count] = elements;
  if (elements.length < 6 || elements.length > 7 || elements.some((element) => element === '')) return undefined;
  if (role !== 'GO' && role !== 'TD') return undefined;
  const stem = [goal, sender, date, sequence, environment].join('.');
  const name = { role, text, stem, goal, sender, date, sequence, environment } as TriggerName;
  return count === undefined ? name : { ...name, count };
}

/** The name without its prefix: what a malformed GO is remembered by. */
export function bareName(text: string): string {
  return text.slice(3);
}

/**
 * Reads an FI or FS name of this stem: `FI.<stem>.<count>.<part>` with one digit each from 1 and part ≤ count, or
 * `FI.<stem>` alone in the legacy form. Undefined when the structure is not that (131, 132).
 */
export function parsePart(text: string, stem: string, legacy: boolean): PartName | undefined {
  const role = text.slice(0, 2);
  if ((role !== 'FI' && role !== 'FS') || text[2] !== '.' || !text.startsWith(stem, 3)) return undefined;
  const rest = text.slice(3 + stem.length);
  if (legacy && rest === '') return { role, count: 1, part: 1 };
  const match = /^\.([1-9])\.([1-9])$/.exec(rest);
  return match ? { role, count: Number(match[1]), part: Number(match[2]) } : undefined;
}

const PART_NAME = /^F[IS]\.[A-Z]{4}\.\d{6}\.\d{8}\.[0-9A-Z]{5}\.[RTS](\.[1-9]\.[1-9])?$/;

/** The name of the GO that releases the set of a finished FI or FS file; undefined for every other name. */
export function releaseOf(name: string): string | undefined {
  if (!PART_NAME.test(name)) return undefined;
  const elements = name.split('.');
  return ['GO', ...elements.slice(1, 7)].join('.'); // without the number of the part
}

/** True for a finished FI or FS file that can belong to no set by its name, and differs from this stem in one element at most. */
export function isMisnamedFor(name: string, stem: string): boolean {
  if (!/^F[IS]\./.test(name) || TEMPORARY.test(name) || PART_NAME.test(name)) return false;
  const elements = name.slice(3).split('.');
  return stem.split('.').filter((element, at) => elements[at] !== element).length <= 1;
}

/** The prefixes that files of a stem begin with: complete sets, and names that almost belong to it. */
export function setPrefixes(stem: string): string[] {
  return [`FI.${stem}`, `FS.${stem}`];
}

const ENVIRONMENT_OF = { IN: 'R', OUT: 'R', INTEST: 'T', OUTTEST: 'T', 'INTEST-S': 'S', 'OUTTEST-S': 'S' } as const;
const IN_OF = { R: 'IN', T: 'INTEST', S: 'INTEST-S' } as const;
const OUT_OF = { R: 'OUT', T: 'OUTTEST', S: 'OUTTEST-S' } as const;

/** The environment a folder stands for (protocol §1.3). */
export function environmentOf(folder: FolderName): 'R' | 'T' | 'S' {
  return ENVIRONMENT_OF[folder];
}

/** The folder that files of an environment are sent to (protocol §1.3). */
export function inFolderOf(environment: 'R' | 'T' | 'S'): FolderName {
  return IN_OF[environment];
}

/** The folder that answers of an environment are put in (protocol §1.3). */
export function outFolderOf(environment: 'R' | 'T' | 'S'): FolderName {
  return OUT_OF[environment];
}
