import { hideInss, inssMarkIn } from '../store/audit-inss.ts';
import type { Db } from '../store/database.ts';

/** `stopped`: broken off because the process stopped or no longer led; it is no failure. */
export type RunState = 'running' | 'done' | 'failed' | 'stopped';

/** One run of a job. */
export interface JobRun {
  readonly job: string;
  readonly runKey: string;
  readonly state: RunState;
  readonly holder: string;
  /** How often it was begun. */
  readonly attempts: number;
  /** How often it failed. */
  readonly failures: number;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly detail: string;
}

interface JobRunRow {
  readonly job: string;
  readonly run_key: string;
  readonly state: RunState;
  readonly holder: string;
  readonly attempts: number;
  readonly failures: number;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly detail: string | null;
}

export interface RunClaim {
  readonly job: string;
  readonly runKey: string;
  readonly holder: string;
  readonly now: Date;
}

/** What the holder of a run by hand begins with. */
export const BY_HAND = 'hand:';

/** The lease that a run outside the schedule holds, so that the scheduler leaves the job alone meanwhile. */
export const runLeaseOf = (job: string) => `run:${job}`;

/**
 * Begins a run as the scheduler, in one statement: only while `holder` has the lease `lease`, nobody runs the job by
 * hand, and the run has not succeeded. A run that another process left unfinished is begun again.
 *
 * @returns false when it was not begun.
 */
export async function beginRun(db: Db, lease: string, { job, runKey, holder, now }: RunClaim): Promise<boolean> {
  const at = now.toISOString();
  const rows = await db.raw(
    `insert into job_runs (job, run_key, state, holder, attempts, failures, started_at)
     select ?, ?, 'running', ?, 1, 0, ?
     where exists (select 1 from leases where name = ? and holder = ?)
       and not exists (select 1 from leases where name = ? and holder <> '' and until > ?)
     ${AGAIN} where job_runs.state <> 'done' returning attempts`,
    [job, runKey, holder, at, lease, holder, runLeaseOf(job), at],
  );
  return began(rows);
}

/**
 * Begins a run by hand, in one statement: unless it has succeeded, or the process that has the lease `lease` runs it.
 *
 * @returns false when it was not begun.
 */
export async function beginRunByHand(db: Db, lease: string, { job, runKey, holder, now }: RunClaim): Promise<boolean> {
  const at = now.toISOString();
  const rows = await db.raw(
    `insert into job_runs (job, run_key, state, holder, attempts, failures, started_at)
     values (?, ?, 'running', ?, 1, 0, ?)
     ${AGAIN} where job_runs.state <> 'done' and not (job_runs.state = 'running'
       and exists (select 1 from leases where name = ? and holder = job_runs.holder and until > ?)) returning attempts`,
    [job, runKey, holder, at, lease, at],
  );
  return began(rows);
}

const AGAIN = `on conflict (job, run_key) do update set state = 'running', holder = excluded.holder,
  attempts = job_runs.attempts + 1, started_at = excluded.started_at, finished_at = null`;

/** What SQLite's driver and PostgreSQL's give for `returning`. */
const began = (result: readonly unknown[] | { readonly rows: readonly unknown[] }) =>
  ('rows' in result ? result.rows : result).length > 0;

/** How a run ended. */
export interface RunEnd extends RunClaim {
  readonly state: Exclude<RunState, 'running'>;
  readonly detail: string;
}

const LONGEST_DETAIL = 500;

/** Records the end of a run; false when another process has begun it again meanwhile: then it is that one's. */
export async function endRun(tx: Db, { job, runKey, holder, now, state, detail }: RunEnd): Promise<boolean> {
  const changed = await tx('job_runs')
    .where({ job, run_key: runKey, holder, state: 'running' })
    .update({
      state,
      finished_at: now.toISOString(),
      detail: hideInss(detail, inssMarkIn(tx)).slice(0, LONGEST_DETAIL),
      failures: tx.raw('failures + ?', [state === 'failed' ? 1 : 0]),
    });
  return changed > 0;
}

/** Forgets all but the newest `keep` runs of a job. */
export async function pruneRuns(tx: Db, job: string, keep: number): Promise<void> {
  const oldest = tx('job_runs').select('run_key').where({ job }).orderBy('run_key', 'desc').offset(keep).limit(1);
  await tx('job_runs').where({ job }).andWhere('run_key', '<=', oldest).delete();
}

/** One run; undefined when it was never begun. */
export async function findRun(db: Db, job: string, runKey: string): Promise<JobRun | undefined> {
  const row: JobRunRow | undefined = await db('job_runs').where({ job, run_key: runKey }).first();
  return row && fromRow(row);
}

/** The run of a job with the latest slot. */
export async function latestRun(db: Db, job: string): Promise<JobRun | undefined> {
  const row: JobRunRow | undefined = await db('job_runs').where({ job }).orderBy('run_key', 'desc').first();
  return row && fromRow(row);
}

/** The run of a job with the earliest slot that is still known. */
export async function firstRun(db: Db, job: string): Promise<JobRun | undefined> {
  const row: JobRunRow | undefined = await db('job_runs').where({ job }).orderBy('run_key').first();
  return row && fromRow(row);
}

/** The success with the latest slot; runs by hand do not count, as they may have been out of turn. */
export async function lastScheduledRun(db: Db, job: string): Promise<JobRun | undefined> {
  const row: JobRunRow | undefined = await succeeded(db, job).whereNot('holder', 'like', `${BY_HAND}%`).first();
  return row && fromRow(row);
}

/** The success with the latest slot. */
export async function lastSuccess(db: Db, job: string): Promise<JobRun | undefined> {
  const row: JobRunRow | undefined = await succeeded(db, job).first();
  return row && fromRow(row);
}

const succeeded = (db: Db, job: string) => db('job_runs').where({ job, state: 'done' }).orderBy('run_key', 'desc');

/** How often a job has failed since it last succeeded, and when it did last; 0 when the last run was a success. */
export async function failuresOf(db: Db, job: string): Promise<{ readonly count: number; readonly last: Date | null }> {
  const success = (await lastSuccess(db, job))?.runKey ?? '';
  const row = await db('job_runs')
    .where({ job })
    .andWhere('run_key', '>', success)
    .sum('failures as count')
    .max('finished_at as last')
    .first();
  return { count: Number(row?.['count'] ?? 0), last: row?.['last'] ? new Date(row['last']) : null };
}

const fromRow = (row: JobRunRow): JobRun => ({
  job: row.job,
  runKey: row.run_key,
  state: row.state,
  holder: row.holder,
  attempts: Number(row.attempts),
  failures: Number(row.failures),
  startedAt: new Date(row.started_at),
  finishedAt: row.finished_at === null ? null : new Date(row.finished_at),
  detail: row.detail ?? '',
});
