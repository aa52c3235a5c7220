/** Where the records of a source come from and how they are read; all of it configuration (config/lists.yaml). */
export interface Source {
  readonly name: string;
  /** The goal whose forms hold them. */
  readonly goal: string;
  /** Each element of this name in a form is a record: its children are fields, and so are the form's own elements. */
  readonly element: string;
  /** Field with the enterprise number of whom it is about. */
  readonly authority: string;
  /** Field with its day: YYYYMM, YYYYMMDD or YYYY-MM-DD; `ReceivedOn` is the Belgian day on which it was received. */
  readonly day: string;
  /** Field that lists choose by. */
  readonly kind?: string | undefined;
  /** Fields that order it within a list. */
  readonly position: readonly string[];
  /** Field that answers call it by. */
  readonly reference?: string | undefined;
  /** Whether refused forms give records, too: with the fields Outcome and Codes. */
  readonly outcomes: 'accepted' | 'all';
  /** What its records answer to, when they are answers. */
  readonly answers?:
    | { readonly source: string; readonly reference: string; readonly code: string; readonly remark: string }
    | undefined;
}

/** The sources by name. */
export type Sources = Readonly<Record<string, Source>>;

/** The sources that a goal's forms are read for. */
export function sourcesOf(sources: Sources, goal: string): Source[] {
  return Object.values(sources).filter((source) => source.goal === goal);
}
