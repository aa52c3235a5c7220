import type { Migration } from '../migration.ts';

/** What a run of a list chose by, as its configuration was then; null of earlier runs. */
export const whatRunsChoseBy: Migration = {
  number: 24,
  name: 'what runs chose by',
  async apply(tx) {
    await tx.schema.alterTable('list_runs', (table) => {
      table.text('chosen_by'); // JSON: source, kinds, take, without, withoutElectronic
    });
  },
};
