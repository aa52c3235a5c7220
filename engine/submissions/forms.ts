import type { Db } from '../store/database.ts';

/** What is kept of one form: enough to answer it, route it, and find its bytes. `Facts` and `Anomaly` are the inspection's. */
export interface StoredForm<Facts, Anomaly> {
  /** From 1, over all parts of the submission. */
  readonly formIndex: number;
  readonly part: number;
  readonly outcome: 'accepted' | 'refused';
  readonly facts: Facts;
  readonly anomalies: readonly Anomaly[];
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
    await tx('forms').insert(rows);
  }
}

/** One form of a submission. */
export async function findForm<Facts, Anomaly>(
  db: Db,
  ticket: string,
  formIndex: number,
): Promise<StoredForm<Facts, Anomaly> | undefined> {
  const row = await db('forms').where({ ticket, form_index: formIndex }).first();
  if (!row) return undefined;
  const { part, outcome } = row;
  return { formIndex, part, outcome, facts: JSON.parse(row.facts), anomalies: JSON.parse(row.anomalies) };
}
