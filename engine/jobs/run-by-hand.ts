import { EngineError } from '../core/errors.ts';
import type { Job } from './job.ts';
import { BY_HAND, beginRunByHand, findRun, runLeaseOf } from './job-runs.ts';
import { acquireLease, releaseLease, renewLease } from './lease.ts';
import { type Ended, finishRun, type RunDeps } from './run-job.ts';
import { SCHEDULER_LEASE } from './scheduler.ts';
import { runKeyOf, slotOf } from './timetable.ts';

const LEASE_MS = 60_000;
const RENEW_MS = 15_000;

export interface HandRun {
  readonly job: Job;
  readonly runKey: string;
  /** Names this process and no other, ever. */
  readonly holder: string;
  /** Who runs it, for the audit. */
  readonly who: string;
  readonly signal: AbortSignal;
}

/**
 * Runs a job now under a run key, unless that run has succeeded (`already done`). The scheduler leaves the job alone
 * meanwhile. Throws usage_wrong for a key that is no past slot of the job, and access_denied while somebody runs it.
 */
export async function runByHand(deps: RunDeps, run: HandRun): Promise<Ended | 'already done'> {
  const { db, clock } = deps;
  const { job, runKey } = run;
  const holder = `${BY_HAND}${run.holder}`;
  const slot = pastSlot(run, clock());
  const lease = { name: runLeaseOf(job.name), holder };
  const until = () => new Date(clock().getTime() + LEASE_MS);
  if (!(await acquireLease(db, { ...lease, now: clock(), until: until() }))) throw underWay(run);
  const lost = new AbortController();
  const renewing = setInterval(() => {
    renewLease(db, { ...lease, until: until() }).then(
      (mine) => mine || lost.abort(new Error('the run was taken over')),
      () => undefined, // the next renewal comes before the lease ends
    );
  }, RENEW_MS);
  try {
    const claim = { job: job.name, runKey, holder, now: clock() };
    if (!(await beginRunByHand(db, SCHEDULER_LEASE, claim))) return await notBegun(deps, run);
    const signal = AbortSignal.any([run.signal, lost.signal]);
    return await finishRun(deps, { job, slot, holder, who: run.who, signal, proceed: () => signal.throwIfAborted() });
  } finally {
    clearInterval(renewing);
    await releaseLease(db, lease.name, holder, clock());
  }
}

function pastSlot({ job, runKey }: HandRun, now: Date): Date {
  const slot = slotOf(job.due, runKey);
  if (slot && slot <= now) return slot;
  const example = runKeyOf(job.due.latest(now));
  throw new EngineError(
    'usage_wrong',
    `${job.name} (${job.due.text}) has no slot ${runKey} before now; its latest is ${example}`,
  );
}

async function notBegun({ db }: RunDeps, run: HandRun): Promise<'already done'> {
  const found = await findRun(db, run.job.name, run.runKey);
  if (found?.state === 'done') return 'already done';
  throw underWay(run);
}

function underWay({ job, runKey }: HandRun): EngineError {
  return new EngineError('access_denied', `${job.name} ${runKey} is being run by another process`);
}
