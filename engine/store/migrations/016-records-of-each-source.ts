import type { Migration } from '../migration.ts';

const PLACE = ['ticket', 'form_index', 'line'];

/** A goal may have several sources, and each counts the lines of a form for itself: a record's place is one of its source. */
export const recordsOfEachSource: Migration = {
  number: 16,
  name: 'records of each source',
  async apply(tx) {
    await tx.schema.alterTable('records', (table) => {
      table.dropUnique(PLACE);
      table.unique([...PLACE, 'source']);
    });
  },
};
