/** Stands for a field: the Belgian day on which the submission of a record was received. */
export const RECEIVED_ON = 'ReceivedOn';

/** Where the records of a source come from and how they are read; all of it configuration (config/lists.yaml). */
export interface Source {
  readonly name: string;
  /** The goal whose forms hold them. */
  readonly goal: string;
  /** Each element of this name in a form is a record: its children are fields, and so are the form's own elements. */
  readonly element: string;
  /** Field with the enterprise number of whom it is about. */
  readonly authority: string;
  /** Field with its day: YYYYMM, YYYYMMDD or YYYY-MM-DD, with a zone or without; `ReceivedOn` is the Belgian day on which it was received. */
  readonly day: string;
  /** Field that lists choose by. */
  readonly kind?: string | undefined;
  /** Fields that order it within a list. */
  readonly position: readonly string[];
  /** Field that answers call it by. */
  readonly reference?: string | undefined;
  /** Whether refused forms give records, too: with the fields Outcome and Codes. */
  readonly outcomes: 'accepted' | 'all';
  /** What its records answer to, when they are answers: they are in no list then. */
  readonly answers?: AnswersTo | undefined;
  /** How a record goes to an authority that gets it by itself; then it is in no list. */
  readonly alone?: Alone | undefined;
  /** What its records correct, when they are changes of accepted forms: they are in no list then. */
  readonly corrects?: Corrects | undefined;
  /** How its forms are read from CSV; not at all when absent. */
  readonly csv?: CsvForms | undefined;
}

/** How a record goes by itself. */
export interface Alone {
  /** Goal in the names of the files. */
  readonly goal: string;
  /** Of the senders of the authority that get it; all when absent. */
  readonly quality?: string | undefined;
}

/** What answers say of what. */
export interface AnswersTo {
  readonly source: string;
  /** Fields of the answer: which record, the code, a remark. */
  readonly reference: string;
  readonly code: string;
  readonly remark: string;
  /** The codes there are, and whether one closes the record. */
  readonly codes: Readonly<Record<string, { readonly closes: boolean }>>;
}

/** Who may correct what, and how those concerned are told. */
export interface Corrects {
  /** Goals whose accepted forms an institution may correct, by its enterprise number. */
  readonly by: Readonly<Record<string, readonly string[]>>;
  /** Goal in the names of the files that tell the sender. */
  readonly goal: string;
  /** Of the message to the employer. */
  readonly messageType: string;
}

/** How a line of a CSV file becomes a record of a form. */
export interface CsvForms {
  readonly root: string;
  readonly schema: string;
  readonly identification: string;
  /** Fields of the form itself, in the order of its schema; a line that differs in one begins a form. */
  readonly form: readonly string[];
  /** Fields of the record, in the order of its schema. */
  readonly record: readonly string[];
  /** Titles that stand for a field, beside its own name. */
  readonly titles: Readonly<Record<string, string>>;
  /** Fields of so many digits: a spreadsheet takes their leading zeros away, and they are put back. */
  readonly pad: Readonly<Record<string, number>>;
  /** Most records in a form. */
  readonly most: number;
  /** A line without a value here is left out: a list that was sent back has lines without an answer. */
  readonly skipWithout?: string | undefined;
}

/** The sources by name. */
export type Sources = Readonly<Record<string, Source>>;

/** The sources that a goal's forms are read for. */
export function sourcesOf(sources: Sources, goal: string): Source[] {
  return Object.values(sources).filter((source) => source.goal === goal);
}
