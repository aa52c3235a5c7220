import type { Besides } from '../records/taken.ts';
import type { Language } from '../registry/organisations.ts';
import type { PeriodRule } from './period.ts';

/** A text in Dutch, French, German and English. */
export type Texts = Readonly<Record<Language, string>>;

export const FORMATS = ['csv', 'fixed', 'xml', 'pdf', 'zip'] as const;
export type Format = (typeof FORMATS)[number];

/**
 * What a column holds. `amount` is in euro cents, with a decimal comma where people read it; `date` is YYYY-MM-DD or
 * YYYYMMDD, `month` YYYY-MM or YYYYMM; both are shown as people write them, and in fixed width as digits.
 */
export const COLUMN_TYPES = ['text', 'number', 'amount', 'date', 'month', 'code'] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

/** What a column is in the form of a PDF: `fill` is to be filled in, `key` goes along, so that it is known what is answered. */
export const FORM_PARTS = ['fill', 'key'] as const;
export type FormPart = (typeof FORM_PARTS)[number];

/** One column of a list. */
export interface Column {
  /** A field of the source's records, or `authority`, `day`, `kind` of the record itself. */
  readonly field: string;
  readonly texts: Texts;
  readonly type: ColumnType;
  /** For an amount: the field of the column with its sign, + or -. */
  readonly sign?: string | undefined;
  /** Its width in the fixed-width record; absent: not in it. */
  readonly width?: number | undefined;
  /** Whether a longer text is cut to the width; else it makes the run fail. */
  readonly cut: boolean;
  /** For a code: what its values mean. */
  readonly codes: Readonly<Record<string, Texts>>;
  /** Formats that leave it out. */
  readonly notIn: readonly Format[];
  /** Whether the list says its sum; for numbers and amounts. */
  readonly total: boolean;
  /** What it is in the form of the PDF; absent: nothing. */
  readonly form?: FormPart | undefined;
  /** Most characters that can be filled in; absent: its width. */
  readonly most?: number | undefined;
}

/** One list, as it is configured. */
export interface ListDefinition {
  readonly name: string;
  readonly source: string;
  /** Kinds of records; all when empty. */
  readonly kinds: readonly string[];
  /** What arrived in the period, each once; or all that is open when the list is due. */
  readonly take: 'arrived' | 'open';
  readonly period: PeriodRule['kind'];
  /** First months of the two half-years, 1 to 12. */
  readonly halves: readonly [number, number];
  readonly schedule: string;
  readonly texts: Texts;
  readonly columns: readonly Column[];
  readonly formats: readonly Format[];
  readonly csv: { readonly bom: boolean; readonly separator: string };
  readonly messageType: string;
  /** How it goes to the OUT folders of an authority that is a sender, of one quality or of any; not at all when absent. */
  readonly out?: { readonly goal: string; readonly format: Format; readonly quality?: string | undefined } | undefined;
  readonly without: readonly string[];
  readonly withoutElectronic: boolean;
}

/** The lists by name. */
export type ListDefinitions = Readonly<Record<string, ListDefinition>>;

/** How the periods of a list are cut. */
export function ruleOf({ period: kind, halves: starts }: Pick<ListDefinition, 'period' | 'halves'>): PeriodRule {
  return kind === 'half-year' ? { kind, starts } : { kind };
}

/** What columns show of a record besides its fields. */
export function besidesFields({ columns }: Pick<ListDefinition, 'columns'>): Besides {
  const shows = (name: string) => columns.some(({ field }) => field === name);
  return { days: shows('day'), kinds: shows('kind') };
}
