import type { CsvForms, Source } from '../../records/source.ts';
import type { Finding } from '../xml/inspection.ts';

/** A source whose forms may come as rows: as CSV, or as the PDF form of a list. */
export type RowSource = Pick<Source, 'element' | 'authority'> & { readonly csv: CsvForms };

/** One row of what was sent: the record of a form, with the fields of the form itself. */
export interface Row {
  /** As they were written, by the names of the fields of the source. */
  readonly fields: Readonly<Record<string, string>>;
  /** Whether nothing at all is written in it. */
  readonly isEmpty: boolean;
  /** Lines that it takes beside its own. */
  readonly moreLines: number;
}

/** What a file holds: its rows, or what is wrong with all of it. */
export type Rows =
  | {
      readonly kind: 'rows';
      /** Ends early when there is a fault. */
      readonly rows: AsyncIterable<Row>;
      /** What was wrong so far: asked when all rows have been read. */
      fault(): Finding | undefined;
    }
  | { readonly kind: 'fault'; readonly finding: Finding };

/** The field that a title stands for; '' for one that says nothing to the source. */
export function fieldFor(title: string, { csv: { titles, form, record } }: RowSource): string {
  const plain = title.trim();
  const named = Object.hasOwn(titles, plain) ? (titles[plain] ?? plain) : plain;
  return [...form, ...record].includes(named) ? named : '';
}

/** The fields without which no row can be read. */
export function missingFields(there: readonly string[], { csv: { form, record } }: RowSource): string[] {
  return [...form, ...record.slice(0, 1)].filter((field) => !there.includes(field));
}
