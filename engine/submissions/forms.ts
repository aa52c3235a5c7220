import type { Db } from '../store/database.ts';
import { addRow, rowsOf } from '../store/sql.ts';

/** Whether an anomaly blocks its form (B), counts in a percentage (P, NP), warns (W), is looked into (I) or none of these (D; protocol §1.9). */
export type AnomalyClass = 'B' | 'P' | 'NP' | 'D' | 'W' | 'I';

/** A functional fault of one form: reported in its notification (protocol §1.9). May hold an INSS number. */
export interface Anomaly {
  /** Zone and code, e.g. "00024-001"; at most 9 characters. */
  readonly errorId: string;
  readonly tagName: string;
  readonly value: string;
  readonly class: AnomalyClass;
  readonly label: string;
  /** XPath-like place in the form, at most 200 characters. */
  readonly location: string;
  readonly line: number;
  readonly column: number;
  readonly inss?: string;
  readonly naturalPersonSequenceNbr?: string;
}

/** What a form says of itself: enough to answer and to route it. */
export interface FormHeader {
  readonly identification: string;
  readonly creationDate: string;
  readonly creationHour: string;
  readonly attestationStatus: string;
  readonly typeForm: string;
  /** The declarant's own reference (ReferenceOrigin 1), when given. */
  readonly reference?: { readonly type: string; readonly origin: string; readonly number: string };
  readonly nssoNumber?: string;
  readonly localAuthorityNumber?: string;
  readonly companyId?: string;
  readonly quarter?: string;
}

/** What is kept of one form: enough to answer it, route it, and find its bytes. `Facts` and `Anomaly` are the inspection's. */
export interface StoredForm<Facts, Anomaly> {
  /** From 1, over all parts of the submission. */
  readonly formIndex: number;
  readonly part: number;
  readonly outcome: 'accepted' | 'refused';
  readonly facts: Facts;
  readonly anomalies: readonly Anomaly[];
}

interface FormRow {
  readonly form_index: number;
  readonly part: number;
  readonly outcome: 'accepted' | 'refused';
  readonly facts: string;
  readonly anomalies: string;
}

const ROWS_PER_INSERT = 100;

/** Stores the forms of a submission, a bounded number of rows a statement. */
export async function addForms(tx: Db, ticket: string, forms: readonly StoredForm<unknown, unknown>[]): Promise<void> {
  for (let from = 0; from < forms.length; from += ROWS_PER_INSERT) {
    const rows = forms.slice(from, from + ROWS_PER_INSERT).map((form) => ({
      ticket,
      form_index: form.formIndex,
      part: form.part,
      outcome: form.outcome,
      facts: JSON.stringify(form.facts),
      anomalies: JSON.stringify(form.anomalies),
    }));
    if (rows.length === 1) await addRow(tx, 'forms', rows[0]!);
    else await tx('forms').insert(rows);
  }
}

/** These forms of a submission, in the order of their numbers; those that are not there are left out. */
export async function findForms<Facts, Anomaly>(
  db: Db,
  ticket: string,
  formIndexes: readonly number[],
): Promise<StoredForm<Facts, Anomaly>[]> {
  const places = formIndexes.map(() => '?').join(', ');
  const select = `select * from forms where ticket = ? and form_index in (${places || 'null'}) order by form_index`;
  const rows = await rowsOf<FormRow>(db, select, [ticket, ...formIndexes]);
  return rows.map(({ form_index: formIndex, part, outcome, facts, anomalies }) => {
    return { formIndex, part, outcome, facts: JSON.parse(facts), anomalies: JSON.parse(anomalies) };
  });
}
