import type { TriggerName } from '../../landing/file-name.ts';
import type { LandedFile } from '../../landing/folder-files.ts';
import type { Arrival } from '../../landing/folders.ts';
import type { Goal } from '../../registry/goals.ts';
import type { Sender } from '../../registry/senders.ts';

/** One fault of a submission: the receipt code without its prefix (protocol §1.7), a sentence, and the file it is about. */
export interface Fault {
  readonly code: string;
  readonly detail: string;
  readonly file?: string;
}

/** What the checks on a name know. */
export interface NameFacts {
  readonly arrival: Arrival;
  readonly sender: Sender;
  readonly name: TriggerName;
  /** The configured goal of the name, if there is one. */
  readonly goal: Goal | undefined;
  /** Today in the protocol's zone, YYYYMMDD. */
  readonly today: string;
}

/** One file of the set with what its name says; `part` undefined when the name is not well-formed. */
export interface SetFile {
  readonly role: 'FI' | 'FS';
  readonly file: LandedFile;
  readonly count: number | undefined;
  readonly part: number | undefined;
}

/** What the checks on a set know, once its name is good. */
export interface SetFacts extends NameFacts {
  readonly goal: Goal;
  readonly environment: 'R' | 'T' | 'S';
  readonly count: number;
  readonly files: readonly SetFile[];
}

/** One row of the table of checks: its code, and the faults it finds. */
export interface Check<Facts> {
  readonly code: string;
  find(facts: Facts): readonly Omit<Fault, 'code'>[];
}

/** A check that finds at most one fault: a sentence, or nothing. */
export function check<Facts>(code: string, detailOf: (facts: Facts) => string | undefined | false): Check<Facts> {
  return {
    code,
    find(facts) {
      const detail = detailOf(facts);
      return detail ? [{ detail }] : [];
    },
  };
}

/** All faults that one stage finds, in the order of its table. */
export function faultsOf<Facts>(stage: readonly Check<Facts>[], facts: Facts): Fault[] {
  return stage.flatMap((row) => row.find(facts).map((fault) => ({ code: row.code, ...fault })));
}

/** Goes through stages in order and stops after the first that finds anything (protocol §1.8). */
export function firstFaults<Facts>(stages: readonly (readonly Check<Facts>[])[], facts: Facts): Fault[] {
  for (const stage of stages) {
    const faults = faultsOf(stage, facts);
    if (faults.length > 0) return faults;
  }
  return [];
}
