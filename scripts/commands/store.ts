import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { Config } from '../../config/load.ts';
import { duration } from '../../config/values.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { FILE_GRACE_MS } from '../../engine/landing/sweep.ts';
import { createBlobStore } from '../../engine/store/blobs.ts';
import { CONTENT_GRACE_MS } from '../../engine/store/collect.ts';
import type { Db } from '../../engine/store/database.ts';
import { operator } from './operator.ts';
import { print, printJson } from './output.ts';
import { type ConfigOption, configured, reading, settings, withStore } from './settings.ts';
import { checkStore, createReport, type Report } from './store-check.ts';
import { previewSweep, type Sweep, sweepStore } from './store-sweep.ts';

interface CheckOptions extends ConfigOption {
  readonly json?: true;
  readonly deep?: true;
  readonly grace?: number;
}

interface SweepOptions extends ConfigOption {
  readonly grace?: number;
  readonly stopped?: true;
  readonly yes?: true;
}

/** `bode store check|sweep`: whether all content that is needed is there, and what is left over. */
export function storeCommand(): Command {
  return new Command('store')
    .description('the content of the store: is it whole, is any left over')
    .addCommand(checkCommand())
    .addCommand(sweepCommand());
}

function checkCommand(): Command {
  return reading('check')
    .description('look whether all content that a row names is there; exit status 1 when some is missing or damaged')
    .option('--deep', 'read every byte and compare its SHA-256')
    .option('--grace <duration>', 'call left over what has not been needed for longer than this (24h)', grace)
    .action(async ({ json, deep, grace: graceMs = CONTENT_GRACE_MS, ...options }: CheckOptions) => {
      const report = createReport(json ? undefined : print);
      await withContent(options, (db, blobs) =>
        checkStore({ db, blobs, files: blobs.files, clock: systemClock, deep: deep === true, graceMs }, report),
      );
      if (!report.ok()) process.exitCode = 1;
      await (json ? printJson(report.json()) : print([summary(report)]));
    });
}

function summary(report: Report): string {
  const { missing, damaged, leftOver } = report.json();
  const over = `${leftOver.blobs.count} blobs (${leftOver.bytes} bytes) and ${leftOver.files.count} files are left over`;
  return `${missing.count} missing, ${damaged.count} damaged; ${over}`;
}

function sweepCommand(): Command {
  return configured('sweep')
    .description('delete content that no row names, after a grace time. Shows what would be done; does it with --yes')
    .option(
      '--grace <duration>',
      'leave what was needed less long ago than this (content 24h, files without a row 1h)',
      grace,
    )
    .option('--stopped', 'no engine runs on this store now: a grace under an hour is safe')
    .option('--yes', 'do it')
    .action(async ({ grace: graceMs, stopped, yes, ...options }: SweepOptions) => {
      if (!stopped && graceMs !== undefined && graceMs < FILE_GRACE_MS) {
        throw new EngineError('usage_wrong', 'a grace under an hour is for a store that no engine uses: add --stopped');
      }
      await withContent(options, async (db, blobs) => {
        const sweep: Sweep = { db, blobs, clock: systemClock, log: silentLogger(), by: operator() };
        const graces = graceMs === undefined ? {} : { graceMs };
        await print(yes ? await sweepStore({ ...sweep, ...graces }) : await previewSweep({ ...sweep, ...graces }));
      });
    });
}

async function withContent<T>(
  options: ConfigOption,
  work: (db: Db, blobs: ReturnType<typeof blobsOf>) => Promise<T>,
): Promise<T> {
  const config = await settings(options);
  const patient = { ...config.store, answerWithinMs: PATIENCE_MS };
  return withStore({ ...config, store: patient }, (db) => work(db, blobsOf(config)));
}

const PATIENCE_MS = 3_600_000; // a statement that reads a large store through takes longer than any of the engine's

const blobsOf = (config: Config) => createBlobStore({ dir: join(config.dataDir, 'blobs'), log: silentLogger() });

const GRACE = duration('grace', '24h', { min: '0s', max: '3650d' });

function grace(text: string): number {
  const parsed = GRACE.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError('It must be a duration with its unit, like 30m, 24h or 7d.');
  return parsed.data;
}
