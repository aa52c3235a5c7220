import { startOfDay } from '../../core/calendar.ts';
import { isSqlite } from '../database.ts';
import type { Migration } from '../migration.ts';

/** When the first electronic day of an authority begins: what arrived since is told from what it got on paper before. */
export const electronicFromInstant: Migration = {
  number: 17,
  name: 'electronic from an instant',
  async apply(tx) {
    await tx.schema.alterTable('electronic_authorities', (table) => {
      table.text('from_at').notNullable().defaultTo('');
    });
    for (const from_day of await tx('electronic_authorities').distinct().pluck('from_day')) {
      await tx('electronic_authorities')
        .where({ from_day })
        .update({ from_at: startOfDay(from_day).toISOString() });
    }
    // compared with the day of a record, byte by byte as that is
    if (!isSqlite(tx)) {
      await tx.raw('alter table electronic_authorities alter column from_day type varchar(10) collate "C"');
    }
  },
};
