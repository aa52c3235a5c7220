import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Command } from 'commander';
import type { Config } from '../../config/load.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { createLogger, type Logger } from '../../engine/core/logger.ts';
import { noTelemetry } from '../../engine/core/telemetry.ts';
import type { Job } from '../../engine/jobs/job.ts';
import { type JobRun, lastSuccess, latestRun } from '../../engine/jobs/job-runs.ts';
import { leaseOf } from '../../engine/jobs/lease.ts';
import { runByHand } from '../../engine/jobs/run-by-hand.ts';
import { SCHEDULER_LEASE } from '../../engine/jobs/scheduler.ts';
import { runKeyOf } from '../../engine/jobs/timetable.ts';
import type { Db } from '../../engine/store/database.ts';
import { operator } from './operator.ts';
import { print, printJson, table } from './output.ts';
import { type ConfigOption, configured, reading, settings, withStore } from './settings.ts';
import { firstSignal } from './shutdown.ts';

/** Makes every job ready to run, as the engine has them; `close` frees what they hold. */
export type OpenJobs = (
  config: Config,
  log: Logger,
) => Promise<{ readonly jobs: readonly Job[]; close(): Promise<void> }>;

/** `bode jobs list|run`: what is done again and again, and by whom. */
export function jobsCommand(open: OpenJobs): Command {
  return new Command('jobs')
    .description('what the engine does at its time')
    .addCommand(listCommand(open))
    .addCommand(runCommand(open));
}

function listCommand(open: OpenJobs): Command {
  return reading('list')
    .description('list the jobs, when they ran last and are due next, and which process runs them')
    .action(async ({ json, ...options }: ConfigOption & { json?: true }) => {
      const config = await settings(options);
      const found = await withStore(config, (db) =>
        withJobs(open, config, async (jobs) => ({ leader: await leaderOf(db), items: await itemsOf(db, jobs) })),
      );
      if (json) return printJson(found);
      const leads = found.leader === null ? 'no scheduler runs' : `run by ${found.leader}`;
      await print([...table(TITLES, found.items.map(cells)), leads]);
    });
}

async function withJobs<T>(open: OpenJobs, config: Config, work: (jobs: readonly Job[]) => Promise<T>): Promise<T> {
  const { jobs, close } = await open(config, createLogger({ level: 'warn', fd: 2 }));
  return work(jobs).finally(close);
}

/** The process that leads; null when none does now. */
async function leaderOf(db: Db): Promise<string | null> {
  const lease = await leaseOf(db, SCHEDULER_LEASE);
  return lease && lease.holder !== '' && lease.until > systemClock() ? lease.holder : null;
}

interface Item {
  readonly name: string;
  readonly period: string;
  /** A slot that is past is due now. */
  readonly nextDue: string;
  readonly last: Omit<JobRun, 'job'> | null;
  readonly lastSuccess: string | null;
}

async function itemsOf(db: Db, jobs: readonly Job[]): Promise<Item[]> {
  const items: Item[] = [];
  for (const { name, due } of jobs) {
    const success = await lastSuccess(db, name);
    const latest = due.latest(systemClock());
    const isDone = success !== undefined && success.runKey >= runKeyOf(latest);
    const { job: _, ...last } = (await latestRun(db, name)) ?? { job: name };
    items.push({
      name,
      period: due.text,
      nextDue: runKeyOf(isDone ? due.next(systemClock()) : latest),
      last: 'runKey' in last ? last : null,
      lastSuccess: success?.runKey ?? null,
    });
  }
  return items;
}

const TITLES = ['JOB', 'DUE', 'LAST RUN', 'OUTCOME', 'ATTEMPTS', 'FINISHED', 'NEXT DUE', 'DETAIL'];

function cells({ name, period, nextDue, last }: Item): string[] {
  if (last === null) return [name, period, '-', 'never run', '-', '-', nextDue, ''];
  const { runKey, state, attempts, finishedAt, detail } = last;
  return [name, period, runKey, state, String(attempts), finishedAt?.toISOString() ?? '-', nextDue, detail];
}

function runCommand(open: OpenJobs): Command {
  return configured('run')
    .description('run a job now under a run key, unless that run has succeeded')
    .argument('<name>', 'the job, as `bode jobs list` names it')
    .argument(
      '<runkey>',
      'one of its slots, such as 2026-11-22T11:40:00Z; the latest is listed as its last run or next due',
    )
    .action(async (name: string, runKey: string, options: ConfigOption) => {
      const config = await settings(options);
      const asked = new AbortController();
      void firstSignal().then((signal) => asked.abort(new Error(signal)));
      const ended = await withStore(config, (db) =>
        withJobs(open, config, (jobs) => run(db, jobNamed(jobs, name), runKey, asked.signal)),
      );
      const { state, detail } = ended === 'already done' ? { state: ended, detail: '' } : ended;
      await print([`${name} ${runKey}: ${state}${detail === '' ? '' : ` (${detail})`}`]);
      process.exit(state === 'failed' || state === 'stopped' ? 1 : 0); // a part of the engine may still hold the process
    });
}

function run(db: Db, job: Job, runKey: string, signal: AbortSignal) {
  const log = createLogger({ level: 'warn', fd: 2 });
  const deps = { db, clock: systemClock, log, telemetry: noTelemetry };
  return runByHand(deps, { job, runKey, holder: `${hostname()} ${randomUUID()}`, who: operator(), signal });
}

function jobNamed(jobs: readonly Job[], name: string): Job {
  const job = jobs.find((one) => one.name === name);
  if (job) return job;
  throw new EngineError('not_found', `no job ${name}: there are ${jobs.map((one) => one.name).join(', ')}`);
}
