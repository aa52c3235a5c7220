import { setTimeout as delay } from 'node:timers/promises';
import { createOutage } from '../core/outage.ts';
import type { Service } from '../core/service.ts';
import type { Job } from './job.ts';
import { beginRun, failuresOf, findRun, firstRun, lastScheduledRun } from './job-runs.ts';
import { createLeadership, type Term } from './leadership.ts';
import { finishRun, type RunDeps } from './run-job.ts';
import { runKeyOf, slotOf } from './timetable.ts';

/** The name of the lease that the acting scheduler holds. */
export const SCHEDULER_LEASE = 'scheduler';

export interface SchedulerDeps extends RunDeps {
  readonly jobs: readonly Job[];
  /** Names this process and no other, ever. */
  readonly holder: string;
  /** True when there is no other process on this store. */
  readonly alone?: boolean;
  /** A scheduler that died is replaced after this, in ms; a living one renews three times as often. Default 15,000. */
  readonly leaseMs?: number;
  /** How often the clock is looked at, in ms. Default 1,000. */
  readonly tickMs?: number;
  /** Pause after the first failure of a job, in ms; doubled with each one in a row. Default 1,000. */
  readonly firstPauseMs?: number;
  /** Longest pause after a failure, in ms. Default 300,000. */
  readonly maxPauseMs?: number;
  /** While stopping, how long to wait for running jobs before the lease is given back, in ms. Default 2,000. */
  readonly drainMs?: number;
}

/** Runs jobs at their time. */
export interface Scheduler extends Service {
  /** Whether this process is the one that acts. */
  leads(): boolean;
}

/** What is known of a job in this term. */
interface Standing {
  /** The latest slot that is done, in ms. */
  done: number | undefined;
  failures: number;
  /** The slot that follows `after`. */
  after?: number;
  next?: Date;
  /** Not begun before, in ms. */
  notBefore: number;
}

/**
 * Creates a scheduler. One of any number on a store acts at a time; each job is run once for each run key, a job that
 * fails or is slow holds up no other, and a run that did not succeed is run again under its key until it does or,
 * unless the job needs every slot, the next slot has come.
 */
export function createScheduler(deps: SchedulerDeps): Scheduler {
  const { clock, log, jobs, leaseMs = 15_000, tickMs = 1_000 } = deps;
  const running = new Map<string, Promise<void>>();
  const outage = createOutage('the store, seen by the scheduler', log, clock);

  async function consider(job: Job, term: Term, standings: Map<Job, Standing>): Promise<void> {
    const standing = standings.get(job) ?? (await standingOf(deps, job));
    standings.set(job, standing);
    const now = clock();
    const slot = dueSlot(job, standing, now);
    if (!slot || now.getTime() < standing.notBefore || running.has(job.name)) return;
    const run = runSlot(deps, { job, slot, term, standing })
      .catch((error: unknown) => {
        outage.failed(error);
        standing.notBefore = clock().getTime() + pauseAfter(deps, 1);
      })
      .finally(() => running.delete(job.name));
    running.set(job.name, run);
  }

  async function tick(term: Term, standings: Map<Job, Standing>): Promise<void> {
    try {
      for (const job of jobs) {
        term.proceed();
        await consider(job, term, standings);
      }
    } catch (error) {
      if (!term.signal.aborted) outage.failed(error);
    }
  }

  async function lead(term: Term): Promise<void> {
    const standings = new Map<Job, Standing>();
    while (!term.signal.aborted) {
      await tick(term, standings);
      await delay(tickMs, undefined, { signal: term.signal }).catch(() => undefined); // cut short: the term is over
    }
  }

  const leadership = createLeadership({
    ...deps,
    outage,
    lease: SCHEDULER_LEASE,
    leaseMs,
    renewMs: leaseMs / 3,
    pollMs: Math.min(tickMs, leaseMs / 3),
    alone: deps.alone ?? false,
    lead: (term) => void lead(term),
    drained: async () => void (await Promise.all(running.values())),
    drainMs: deps.drainMs ?? 2_000,
  });
  return { ...leadership, name: 'scheduler' };
}

/** The slot that should be run now, if any. */
function dueSlot({ due, everySlot = false }: Job, standing: Standing, now: Date): Date | undefined {
  const { done } = standing;
  if (done === undefined) return due.latest(now);
  if (!everySlot) return due.latest(now).getTime() > done ? due.latest(now) : undefined;
  // reckoned once for each slot: rules like the first Sunday of February are slow to follow at each tick
  if (standing.after !== done) Object.assign(standing, { after: done, next: due.next(new Date(done)) });
  return standing.next && standing.next <= now ? standing.next : undefined;
}

/** What earlier terms, here or elsewhere, have left. */
async function standingOf(deps: SchedulerDeps, job: Job): Promise<Standing> {
  const done = await doneSlot(deps, job);
  const { count, last: failedAt } = await failuresOf(deps.db, job.name);
  const notBefore = count > 0 && failedAt ? failedAt.getTime() + pauseAfter(deps, count) : 0;
  return { done, failures: count, notBefore };
}

async function doneSlot({ db }: SchedulerDeps, { name, due, everySlot }: Job): Promise<number | undefined> {
  const last = await lastScheduledRun(db, name);
  if (last || !everySlot) return last && slotOf(due, last.runKey)?.getTime();
  const first = await firstRun(db, name);
  const begun = first && slotOf(due, first.runKey)?.getTime();
  return begun === undefined ? undefined : begun - 1; // it never succeeded: its slot is the next
}

function pauseAfter({ firstPauseMs = 1_000, maxPauseMs = 300_000 }: SchedulerDeps, failures: number): number {
  return Math.min(maxPauseMs, firstPauseMs * 2 ** Math.min(30, failures - 1));
}

interface Due {
  readonly job: Job;
  readonly slot: Date;
  readonly term: Term;
  readonly standing: Standing;
}

async function runSlot(deps: SchedulerDeps, { job, slot, term, standing }: Due): Promise<void> {
  const { db, clock } = deps;
  const { holder } = term;
  const claim = { job: job.name, runKey: runKeyOf(slot), holder, now: clock() };
  const begun = await beginRun(db, SCHEDULER_LEASE, claim);
  const { state } = begun
    ? await finishRun(deps, { ...term, job, slot, who: 'engine' })
    : { state: (await findRun(db, claim.job, claim.runKey))?.state };
  if (state === 'done') Object.assign(standing, { done: slot.getTime(), failures: 0, notBefore: 0 });
  else if (state === 'failed' && begun) {
    standing.failures += 1;
    standing.notBefore = clock().getTime() + pauseAfter(deps, standing.failures);
  } else standing.notBefore = clock().getTime() + pauseAfter(deps, 1);
}
