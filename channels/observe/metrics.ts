import { Gauge, type Registry } from 'prom-client';
import { type Backlog, backlogs } from '../../engine/broker/backlog.ts';
import type { Clock } from '../../engine/core/clock.ts';
import { type Health, within } from '../../engine/core/health.ts';
import type { Logger } from '../../engine/core/logger.ts';
import { type Figures, figuresOf } from '../../engine/jobs/figures.ts';
import type { Db } from '../../engine/store/database.ts';
import type { FreeBytes } from '../../engine/store/free-space.ts';
import { countRecentSubmissions, type SubmissionCount } from '../../engine/submissions/recent.ts';
import { createMeters } from './meters.ts';
import { addProcessMetrics } from './process-metrics.ts';

export interface MetricsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: () => Promise<Health>;
  readonly freeBytes: FreeBytes;
  readonly minFreeBytes: number;
  /** Where the counters and timers are that the engine itself keeps; without them all stay empty. */
  readonly registry?: Registry;
  /** The jobs whose last success is shown. */
  readonly jobs?: readonly string[];
  /** Whether this process is the scheduler that acts; absent when it runs none. */
  readonly leads?: () => boolean;
}

const RECENT_MS = 3_600_000;
const RECENT_LIMIT = 20_000;
const STORE_WITHIN_MS = 5_000;

/**
 * Creates the metrics of one engine, added to those that it keeps itself; the function gives them as Prometheus' text. What is
 * gauged is read then. While the store does not answer, the values that come from it are left out.
 */
export function createMetrics(deps: MetricsDeps): () => Promise<string> {
  const { registry = createMeters().registry } = deps;
  const gauges = createGauges(registry);
  addProcessMetrics(registry);
  gauges.minFree.set(deps.minFreeBytes);

  return async () => {
    const health = await deps.health();
    showHealth(gauges, health);
    gauges.leader.set(deps.leads?.() ? 1 : 0);
    await attempt(deps, 'disk', () => showDisk(gauges, deps));
    const storeIsUp = health.checks.every(({ name, status }) => name !== 'store' || status === 'UP');
    clearStore(gauges);
    if (storeIsUp) await attempt(deps, 'store', () => showStore(gauges, deps));
    return registry.metrics();
  };
}

type Gauges = ReturnType<typeof createGauges>;

function createGauges(registry: Registry) {
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name, help, labelNames, registers: [registry] });
  return {
    up: gauge('bode_up', '1 while the engine can serve (UP or DEGRADED), 0 while it is DOWN'),
    check: gauge('bode_check_ok', '1 when the check of /health is UP, 0 when it is not', ['check']),
    leader: gauge('bode_scheduler_leader', '1 in the process whose scheduler acts, 0 in every other'),
    outbox: gauge('bode_outbox_rows', 'Messages not done yet, up to 100000', ['queue']),
    inHand: gauge('bode_outbox_in_hand_rows', 'Those in hand of a worker or on their way to one', ['queue']),
    postponed: gauge('bode_outbox_postponed_rows', 'Those that wait for their next attempt', ['queue']),
    age: gauge('bode_outbox_oldest_due_age_seconds', 'How long the longest due message has been due', ['queue']),
    dead: gauge('bode_dead_letters', 'Messages given up and not replayed or discarded, up to 100000', ['queue']),
    recent: gauge(
      'bode_recent_submissions',
      'Submissions received within the last hour, the latest 20000 at most, by what became of them so far',
      ['state', 'result'],
    ),
    alerts: gauge('bode_alerts', 'Alerts that stand', ['name']),
    paused: gauge('bode_senders_paused', 'Senders whose breaker is open: their work is tried one message at a time'),
    success: gauge('bode_job_last_success_age_seconds', 'Time since the job last succeeded', ['job']),
    unlinked: gauge('bode_audit_unlinked_lines', 'Audit lines not in the chain yet, up to 100000'),
    unlinkedAge: gauge('bode_audit_unlinked_age_seconds', 'Age of the first audit line that is not in the chain yet'),
    takeovers: gauge('bode_scheduler_takeovers', 'How often a scheduler replaced one that had died or hung'),
    free: gauge('bode_disk_free_bytes', 'Free space on the disk of dataDir'),
    minFree: gauge('bode_disk_min_free_bytes', 'Free space below which uploads are refused (landing.minFreeBytes)'),
  };
}

function showHealth({ up, check }: Gauges, { status, checks }: Health): void {
  up.set(status === 'DOWN' ? 0 : 1);
  for (const { name, status } of checks) check.set({ check: name }, status === 'UP' ? 1 : 0);
}

async function showDisk({ free }: Gauges, { freeBytes }: MetricsDeps): Promise<void> {
  free.set(await freeBytes());
}

/** What is not known is left out: a gauge without labels would else be shown as 0. */
function clearStore(gauges: Gauges): void {
  const { outbox, inHand, postponed, age, dead, recent, alerts, success } = gauges;
  for (const gauge of [outbox, inHand, postponed, age, dead, recent, alerts, success]) gauge.reset();
  for (const gauge of [gauges.paused, gauges.unlinked, gauges.unlinkedAge, gauges.takeovers]) gauge.remove();
}

async function showStore(gauges: Gauges, { db, clock, jobs = [] }: MetricsDeps): Promise<void> {
  const now = clock();
  const since = new Date(now.getTime() - RECENT_MS);
  const read = async () => ({
    waiting: await backlogs(db, now),
    recent: await countRecentSubmissions(db, since, RECENT_LIMIT),
    figures: await figuresOf(db, jobs, now),
  });
  const { waiting, recent, figures } = await within(STORE_WITHIN_MS, read());
  showBacklogs(gauges, waiting);
  showRecent(gauges, recent);
  showFigures(gauges, figures);
}

function showFigures(gauges: Gauges, { alerts, successAgeMs, pausedSenders, unlinked, takeovers }: Figures): void {
  for (const [name, count] of Object.entries(alerts)) gauges.alerts.set({ name }, count);
  for (const [job, ms] of Object.entries(successAgeMs)) gauges.success.set({ job }, ms / 1_000);
  gauges.paused.set(pausedSenders);
  gauges.unlinked.set(unlinked.lines);
  gauges.unlinkedAge.set(unlinked.oldestMs / 1_000);
  gauges.takeovers.set(takeovers);
}

function showBacklogs(gauges: Gauges, waiting: readonly Backlog[]): void {
  const { outbox, inHand, postponed, age, dead } = gauges;
  for (const { queue, outbox: rows, inHand: taken, postponed: later, oldestDueMs, deadLetters } of waiting) {
    outbox.set({ queue }, rows);
    inHand.set({ queue }, taken);
    postponed.set({ queue }, later);
    age.set({ queue }, oldestDueMs / 1_000);
    dead.set({ queue }, deadLetters);
  }
}

function showRecent({ recent }: Gauges, counts: readonly SubmissionCount[]): void {
  for (const { state, result, count } of counts) recent.set({ state, result }, count);
}

async function attempt({ log }: MetricsDeps, source: string, work: () => Promise<void>): Promise<void> {
  await work().catch((err: unknown) => log.warn({ err, source }, 'metrics left out'));
}
