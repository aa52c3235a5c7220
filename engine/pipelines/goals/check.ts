import type { AnomalyClass } from '../../submissions/forms.ts';
import type { ErrorId } from './error-ids.ts';

/** An element as a check sees it. The same object is used for the next element: keep nothing of it. */
export interface Field {
  readonly name: string;
  readonly parent: string;
  /** Its text without surrounding white space, references resolved; empty when it has elements inside. */
  text(): string;
  /** Its text as a whole number below 10^15; NaN when it is anything else. */
  number(): number;
  readonly line: number;
  readonly column: number;
}

/** What a check reports; the place and the person are those of the field, unless the check gives another place. */
export interface Fault {
  readonly errorId: ErrorId;
  readonly tagName: string;
  readonly value: string;
  readonly label: string;
  readonly line: number;
  readonly column: number;
  /** Its path from the form on, of what is no person's; absent: the path of the field, and the person that it is in. */
  readonly place?: string;
}

/** Takes the faults of one check. */
export type Report = (fault: Fault) => void;

/** What a check may know of the file. */
export interface CheckContext {
  /** Date in the file name, YYYYMMDD. */
  readonly fileDate: string;
  readonly now: Date;
}

/** A check at work on one file: it hears of its elements in the order of the file. */
export interface RunningCheck {
  opened?(field: Field): void;
  closed(field: Field): void;
}

/** A functional check of declarations, run when a goal's configuration names it. */
export interface Check {
  /** Names of the elements it wants to hear of. */
  readonly elements: readonly string[];
  start(context: CheckContext, report: Report): RunningCheck;
}

/** A check that a goal's configuration asks for, and the class of its anomalies. */
export interface ConfiguredCheck {
  readonly name: string;
  readonly class: AnomalyClass;
  /** The authority's code for what it finds, six digits; the engine's own when absent. */
  readonly code?: string | undefined;
}
