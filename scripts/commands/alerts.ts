import type { Command } from 'commander';
import { type Alert, listAlerts } from '../../engine/jobs/alert-rows.ts';
import { print, printJson, table } from './output.ts';
import { type ConfigOption, reading, settings, upTo, withStore } from './settings.ts';

interface Options extends ConfigOption {
  readonly json?: true;
  readonly all?: true;
  readonly limit: number;
}

const TITLES = ['ID', 'ALERT', 'ABOUT', 'RAISED', 'CLEARED', 'DETAIL'];

/** `bode alerts`: what somebody must act on now, or all that ever was. */
export function alertsCommand(): Command {
  return reading('alerts')
    .description('list the alerts that stand, newest first')
    .option('--all', 'also those that are over')
    .option('--limit <n>', 'at most so many', upTo(10_000), 100)
    .action(async ({ json, all, limit, ...options }: Options) => {
      const config = await settings(options);
      const items = await withStore(config, (db) => listAlerts(db, { all: all === true, limit }));
      if (json) return printJson({ items });
      await print(items.length === 0 ? ['no alerts'] : table(TITLES, items.map(cells)));
    });
}

function cells({ id, name, subject, raisedAt, clearedAt, detail }: Alert): string[] {
  return [String(id), name, subject || '-', raisedAt.toISOString(), clearedAt?.toISOString() ?? 'stands', detail];
}
