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

/** These forms of a submission, in the order of their numbers; those that are not there are left out. */
export async function findForms<Facts, Anomaly>(
  db: Db,
  ticket: string,
  formIndexes: readonly number[],
): Promise<StoredForm<Facts, Anomaly>[]> {
  const rows = await db('forms').where({ ticket }).whereIn('form_index', formIndexes).orderBy('form_index');
  return rows.map(({ form_index: formIndex, part, outcome, facts, anomalies }) => {
    return { formIndex, part, outcome, facts: JSON.parse(facts), anomalies: JSON.parse(anomalies) };
  });
}
