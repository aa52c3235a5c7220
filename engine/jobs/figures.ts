import type { Db } from '../store/database.ts';
import { leaseOf } from './lease.ts';
import { SCHEDULER_LEASE } from './scheduler.ts';

/** What the store tells about jobs, alerts, paused senders and the audit; counted up to `COUNTED`. */
export interface Figures {
  /** Standing alerts by name. */
  readonly alerts: Readonly<Record<string, number>>;
  /** Age of the end of the last success of each job that has had one, in ms. */
  readonly successAgeMs: Readonly<Record<string, number>>;
  /** Senders whose breaker is open. */
  readonly pausedSenders: number;
  /** Audit lines that are not linked yet, and the age of the one that was written first, in ms. */
  readonly unlinked: { readonly lines: number; readonly oldestMs: number };
  /** How often a scheduler's lease was taken over from one that had let it run out. */
  readonly takeovers: number;
}

const COUNTED = 100_000;

/** Reads the figures: one short statement each, and one for each of `jobs`. */
export async function figuresOf(db: Db, jobs: readonly string[], now: Date): Promise<Figures> {
  const age = (at: string) => Math.max(0, now.getTime() - new Date(at).getTime());
  return {
    alerts: await alertCounts(db),
    successAgeMs: await successAges(db, jobs, age),
    pausedSenders: await countUpTo(db, db('breakers').select('sender').where({ state: 'open' })),
    unlinked: await unlinkedOf(db, age),
    takeovers: (await leaseOf(db, SCHEDULER_LEASE))?.takeovers ?? 0,
  };
}

async function alertCounts(db: Db): Promise<Record<string, number>> {
  const rows = await db('alerts').select('name').count('* as standing').whereNull('cleared_at').groupBy('name');
  return Object.fromEntries(rows.map(({ name, standing }) => [String(name), Number(standing)]));
}

async function successAges(
  db: Db,
  jobs: readonly string[],
  age: (at: string) => number,
): Promise<Record<string, number>> {
  const ages: Record<string, number> = {};
  for (const job of jobs) {
    const done = db('job_runs').select('finished_at').where({ job, state: 'done' });
    const row = await done.orderBy('run_key', 'desc').first();
    if (row?.finished_at) ages[job] = age(row.finished_at);
  }
  return ages;
}

async function unlinkedOf(db: Db, age: (at: string) => number): Promise<Figures['unlinked']> {
  const bounded = db('audit').select('at').whereNull('seq').limit(COUNTED).as('bounded');
  const row = await db.from(bounded).count('* as lines').min('at as oldest').first();
  const lines = Number(row?.['lines'] ?? 0);
  return { lines, oldestMs: lines === 0 ? 0 : age(String(row?.['oldest'])) };
}

async function countUpTo(db: Db, query: ReturnType<Db['select']>): Promise<number> {
  const row = await db.from(query.limit(COUNTED).as('bounded')).count('* as rows').first();
  return Number(row?.['rows'] ?? 0);
}
