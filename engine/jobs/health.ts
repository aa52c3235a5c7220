import type { Clock } from '../core/clock.ts';
import { type Check, createCheck } from '../core/health.ts';
import type { Db } from '../store/database.ts';
import { leaseOf } from './lease.ts';
import { SCHEDULER_LEASE } from './scheduler.ts';

const WITHIN_MS = 5_000;

export interface SchedulerCheckOptions {
  readonly db: Db;
  readonly clock: Clock;
  /** No process may have led for as long before it is said, in ms. Default 60,000. */
  readonly graceMs?: number;
}

/** DEGRADED when no scheduler of any process has led for a minute: files that wait in vain, alerts and the like wait then too. */
export function schedulerCheck({ db, clock, graceMs = 60_000 }: SchedulerCheckOptions): Check {
  const began = clock();

  async function probe(): Promise<string | undefined> {
    const lease = await leaseOf(db, SCHEDULER_LEASE);
    const ledUntil = Math.max(began.getTime(), lease?.until.getTime() ?? 0);
    const idleMs = clock().getTime() - ledUntil;
    return idleMs > graceMs ? `no scheduler has run for ${Math.round(idleMs / 1_000)} s` : undefined;
  }
  return createCheck({ name: 'scheduler', failing: 'DEGRADED', withinMs: WITHIN_MS, probe });
}
