export type Environment = 'R' | 'T' | 'S';

/** The functional checks that a goal may ask for; the inspection of declarations carries them out. */
export const CHECK_NAMES = [
  'inss-duplicate',
  'net-owed-amount',
  'inss-check-digits',
  'enterprise-number',
  'nsso-number',
  'quarter',
  'form-header',
  'decision-term',
  'decision-start',
  'decision-future',
] as const;

/** Classes of anomalies (protocol §1.9); B blocks its form. */
export const ANOMALY_CLASSES = ['B', 'P', 'NP', 'D', 'W', 'I'] as const;

/** The channels that a sender may use. */
export const CHANNELS = ['sftp', 'ftp', 'drop', 'webservice'] as const;

/** What the engine knows of one goal code; all of it configuration (config/goals.yaml). */
export interface Goal {
  /** Four letters: DMFA. */
  readonly code: string;
  /** Root elements; `*` stands for any letters, digits, `-` and `_`, here and in the two lists below (see name-patterns.ts). */
  readonly roots: readonly string[];
  /** Schema names; `{quarter}` stands for five digits. */
  readonly schemas: readonly string[];
  readonly identifications: readonly string[];
  /** Must the sequence be digits only (113), or digits and letters (367)? */
  readonly sequence: 'alphanumeric' | 'numeric';
  /** Whether names without count and part are accepted (ASR, protocol §1.1). */
  readonly legacyNames: boolean;
  readonly maxParts: number;
  readonly maxFileBytes: number;
  readonly maxSetBytes: number;
  readonly maxForms: number;
  /** Whether an FI may be a ZIP with one file. */
  readonly compressed: boolean;
  readonly channels: readonly string[];
  readonly signature: Readonly<Record<Environment, 'required' | 'optional' | 'forbidden'>>;
  /** How many days the date in the name may lie back (126). */
  readonly maxAgeDays: number;
  readonly checks: readonly {
    readonly name: string;
    readonly class: 'B' | 'P' | 'NP' | 'D' | 'W' | 'I';
    /** The code of its anomalies, when it is not the engine's own. */
    readonly code?: string | undefined;
  }[];
  /** Who gets the copy of an accepted form in the R environment. */
  readonly recipients: readonly 'employer'[];
}

/** The configured goals by code. */
export type Goals = Readonly<Record<string, Goal>>;

/** The goal of a code that came from outside, if it is configured: `constructor` is no goal. */
export function goalOf(goals: Goals, code: string): Goal | undefined {
  return Object.hasOwn(goals, code) ? goals[code] : undefined;
}
