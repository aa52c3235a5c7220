import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Telemetry } from '../core/telemetry.ts';
import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { inTransaction } from '../store/transaction.ts';
import type { Job } from './job.ts';
import { endRun, pruneRuns, type RunEnd, type RunState } from './job-runs.ts';
import { runKeyOf } from './timetable.ts';

export interface RunDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
}

/** A run that has been begun in the store. */
export interface BegunRun {
  readonly job: Job;
  readonly slot: Date;
  readonly holder: string;
  /** Who is said to have run it in the audit. */
  readonly who: string;
  readonly signal: AbortSignal;
  proceed(): void;
}

export interface Ended {
  readonly state: Exclude<RunState, 'running'>;
  readonly detail: string;
}

const HOUR_MS = 3_600_000;
const KEPT_RUNS = 100;

/** Runs a job that was begun, and records how it ended; rejects only when the store cannot record it. */
export async function finishRun(deps: RunDeps, run: BegunRun): Promise<Ended> {
  const { telemetry, clock } = deps;
  const began = clock().getTime();
  const ended = await carryOut(deps, run);
  telemetry.count('bode_job_runs_total', { job: run.job.name, outcome: ended.state });
  const mine = await record(deps, run, ended);
  tell(deps, run, ended, clock().getTime() - began);
  return mine ? ended : { state: 'stopped', detail: 'another process runs it by now' };
}

async function carryOut({ db, clock, log }: RunDeps, { job, slot, signal, proceed }: BegunRun): Promise<Ended> {
  const runKey = runKeyOf(slot);
  try {
    proceed();
    const child = log.child({ job: job.name });
    const detail = await job.run({ runKey, slot, now: clock(), clock, db, log: child, signal, proceed });
    // what broke off because of the signal may well have resolved: only an undisturbed run counts
    return signal.aborted ? { state: 'stopped', detail: 'broken off' } : { state: 'done', detail };
  } catch (error) {
    if (signal.aborted) return { state: 'stopped', detail: 'broken off' };
    log.warn({ err: error, job: job.name, runKey }, 'job failed');
    return { state: 'failed', detail: messageOf(error) };
  }
}

/** False when the run is another process's by now. */
function record({ db, clock }: RunDeps, { job, slot, holder, who }: BegunRun, ended: Ended): Promise<boolean> {
  const now = clock();
  const runKey = runKeyOf(slot);
  const end: RunEnd = { job: job.name, runKey, holder, now, ...ended };
  return inTransaction(db, async (tx) => {
    if (!(await endRun(tx, end))) return false;
    if (ended.state !== 'done') return true;
    if (job.due.apartMs < HOUR_MS) await pruneRuns(tx, job.name, KEPT_RUNS);
    if (job.due.apartMs >= HOUR_MS || who !== 'engine') {
      await audit(tx, { at: now, who, what: 'job run', subject: `${job.name} ${runKey}`, outcome: 'done' });
    }
    return true;
  });
}

function tell({ log }: RunDeps, { job, slot }: BegunRun, { state, detail }: Ended, ms: number): void {
  const fields = { job: job.name, runKey: runKeyOf(slot), ms, ...(detail !== '' && { detail }) };
  if (state === 'done') log[detail === '' ? 'debug' : 'info'](fields, 'job done');
  if (state === 'stopped') log.info(fields, 'job broken off');
}
