/** Something that reads what strangers send. A new one is a line in `targets.ts`. */
export interface FuzzTarget {
  /** What honest peers send: inputs are made by damaging these. The same in every run, or a seed would not reproduce. */
  samples(): Promise<readonly Buffer[]>;
  /** Pieces that mean something to the reader. */
  readonly words: readonly Buffer[];
  open(): Promise<OpenTarget>;
}

/** A reader that is ready for inputs. */
export interface OpenTarget {
  /** Reads one input. Rejects, or throws, only when the reader has a fault: a refusal of the input is a good end. */
  run(input: Buffer): Promise<void> | void;
  close(): Promise<void>;
}

export type FuzzTargets = Readonly<Record<string, FuzzTarget>>;
