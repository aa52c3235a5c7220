import type { Command } from 'commander';
import { listSubmissions, type SubmissionSummary } from '../../engine/submissions/submissions.ts';
import { print, printJson, table } from './output.ts';
import { type ConfigOption, matching, reading, settings, upTo, withStore } from './settings.ts';

interface Options extends ConfigOption {
  readonly json?: true;
  readonly sender?: string;
  readonly state?: string;
  readonly after?: string;
  readonly limit: number;
}

/** `bode submissions`: the newest submissions, one a line. */
export function submissionsCommand(): Command {
  return reading('submissions')
    .description('list submissions, newest first')
    .option('--sender <number>', 'only of this sender', matching(/^\d{6}$/, 'six digits'))
    .option(
      '--state <state>',
      'received, refused, cancelled or handled',
      matching(STATE, 'received, refused, cancelled or handled'),
    )
    .option('--limit <n>', 'at most so many', upTo(10_000), 50)
    .option('--after <ticket>', 'go on after this ticket', matching(/^[0-9A-Z]{13}$/, 'a ticket of 13 characters'))
    .action(async ({ json, config, set, ...query }: Options) => {
      const chosen = { ...(config !== undefined && { config }), ...(set !== undefined && { set }) };
      const items = await withStore(await settings(chosen), (db) => listSubmissions(db, query));
      await (json ? printJson({ items }) : print(table(TITLES, items.map(cells))));
    });
}

const STATE = /^(received|refused|cancelled|handled)$/;
const TITLES = ['TICKET', 'STEM', 'CHANNEL', 'STATE', 'RESULT', 'RECEIVED'];

function cells({ ticket, stem, channel, state, resultCode, receivedAt }: SubmissionSummary): string[] {
  return [ticket, stem, channel, state, resultCode === null ? '-' : String(resultCode), receivedAt];
}
