import { Command, InvalidArgumentError, Option } from 'commander';
import type { Config } from '../../config/load.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { acceptEnd } from '../../engine/store/audit-chain.ts';
import { auditHeadPath, type Head } from '../../engine/store/audit-head.ts';
import { hideInss, inssMarkOf } from '../../engine/store/audit-inss.ts';
import { readAuditKey } from '../../engine/store/audit-key.ts';
import { type AuditFilter, latestLines } from '../../engine/store/audit-lines.ts';
import { verifyAudit } from '../../engine/store/audit-verify.ts';
import type { Db } from '../../engine/store/database.ts';
import { EXPORT_FORMATS, type ExportFormat, exportLines, periodBetween } from './audit-export.ts';
import { lineTable, shownLine, verdictText } from './audit-text.ts';
import { operator } from './operator.ts';
import { print, printJson } from './output.ts';
import { type ConfigOption, configured, matching, reading, settings, upTo, withStore } from './settings.ts';

/** `bode audit verify|export|list|accept`: what happened, and the proof that nothing of it was changed since. */
export function auditCommand(): Command {
  return new Command('audit')
    .description('what happened: an append-only record whose every line is chained to the one before')
    .addCommand(verifyCommand())
    .addCommand(exportCommand())
    .addCommand(listCommand())
    .addCommand(acceptCommand());
}

function verifyCommand(): Command {
  return reading('verify')
    .description(
      'recompute the chain and say which lines were changed, removed, put in or moved, and whether its end was cut off',
    )
    .option(
      '--head <seq:hash>',
      'also check that the chain still holds this line, as an earlier run printed it',
      headOf,
    )
    .action(async ({ head, json, ...options }: ConfigOption & { head?: Head; json?: true }) => {
      const config = await settings(options);
      const found = await withStore(config, async (db) => verifyAudit({ db, ...(await secretsOf(config)) }, head));
      await (json ? printJson(found) : print(verdictText(found)));
      if (!found.ok) process.exitCode = 1;
    });
}

interface ExportOptions extends ConfigOption {
  readonly from: Date;
  readonly to: { readonly until: Date };
  readonly format: ExportFormat;
}

function exportCommand(): Command {
  return configured('export')
    .description('print the lines of a period in the order of the chain, each with its hash and the one before it')
    .requiredOption('--from <time>', 'a day (UTC) or an instant; from its beginning', (text) => momentOf(text).from)
    .requiredOption('--to <time>', 'a day (UTC), up to its end; or an instant, which is left out', momentOf)
    .addOption(
      new Option('--format <format>', 'JSON objects, one a line, or CSV').choices(EXPORT_FORMATS).default('jsonl'),
    )
    .action(async ({ from, to, format, ...options }: ExportOptions) => {
      const period = periodBetween(from, to.until);
      await withStore(await settings(options), (db) => exportLines(db, period, format));
    });
}

function listCommand(): Command {
  return reading('list')
    .description('list the latest lines, newest first')
    .option('--who <who>', 'only by this sender, operator or engine')
    .option('--what <what>', 'only of this kind, such as "answer placed"')
    .option('--subject <subject>', 'only about this ticket, file or mailbox')
    .option('--limit <n>', 'at most so many', upTo(10_000), 50)
    .action(
      async ({ config, set, json, limit, ...filter }: ConfigOption & AuditFilter & { json?: true; limit: number }) => {
        const given = { ...(config === undefined ? {} : { config }), ...(set === undefined ? {} : { set }) };
        const lines = await withStore(await settings(given), (db) => latestLines(db, filter, limit));
        if (json) return printJson({ items: lines.map(shownLine) });
        await print(lines.length === 0 ? ['no lines'] : lineTable(lines));
      },
    );
}

function acceptCommand(): Command {
  return configured('accept')
    .description('take the end of the chain for the true one although another was kept: after a restored backup, say')
    .requiredOption(
      '--reason <text>',
      'why; kept in the audit',
      matching(/^[^\p{Cc}]{1,500}$/u, 'one line of 1 to 500 characters'),
    )
    .action(async ({ reason, ...options }: ConfigOption & { reason: string }) => {
      const config = await settings(options);
      await print([await withStore(config, (db) => accept(db, config, reason))]);
    });
}

async function accept(db: Db, config: Config, reason: string): Promise<string> {
  const secrets = await secretsOf(config);
  const hidden = hideInss(reason, inssMarkOf(secrets.key));
  const done = await acceptEnd({ db, clock: systemClock, ...secrets }, { who: operator(), reason: hidden });
  return done
    ? `accepted: the audit goes on after line ${done.end.seq} (${done.conflict})`
    : 'nothing to accept: the end is the one that was kept';
}

async function secretsOf({ dataDir }: Config) {
  return { key: await readAuditKey(dataDir), headPath: auditHeadPath(dataDir) };
}

/** Parses what `verify` prints as the head of the chain. */
function headOf(text: string): Head {
  const [, seq, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined)
    throw new InvalidArgumentError('It must be SEQ:HASH, as `bode audit verify` prints it.');
  return { seq: Number(seq), hash };
}

const DAY_MS = 86_400_000;

/** The beginning of a moment, and where it ends: a day lasts a day, an instant no time. */
function momentOf(text: string): { from: Date; until: Date } {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const from = new Date(text);
  const real = !Number.isNaN(from.getTime()) && (!day || from.toISOString().startsWith(text));
  const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  if (!real || !(day || instant))
    throw new InvalidArgumentError('It must be a day (2026-11-22) or an instant (2026-11-22T10:00:00Z).');
  return { from, until: new Date(from.getTime() + (day ? DAY_MS : 0)) };
}
