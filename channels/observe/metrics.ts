import { Gauge, Registry } from 'prom-client';
import { type Backlog, backlogs } from '../../engine/broker/backlog.ts';
import type { Clock } from '../../engine/core/clock.ts';
import { type Health, within } from '../../engine/core/health.ts';
import type { Logger } from '../../engine/core/logger.ts';
import type { Db } from '../../engine/store/database.ts';
import type { FreeBytes } from '../../engine/store/free-space.ts';
import { countRecentSubmissions, type SubmissionCount } from '../../engine/submissions/recent.ts';
import { addProcessMetrics } from './process-metrics.ts';

export interface MetricsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: () => Promise<Health>;
  readonly freeBytes: FreeBytes;
  readonly minFreeBytes: number;
}

const RECENT_MS = 3_600_000;
const RECENT_LIMIT = 20_000;
const STORE_WITHIN_MS = 5_000;

/**
 * Creates the metrics of one engine, in a registry of their own; the function gives them as Prometheus' text. What is
 * gauged is read then. While the store does not answer, the values that come from it are left out.
 */
export function createMetrics(deps: MetricsDeps): () => Promise<string> {
  const registry = new Registry();
  const gauges = createGauges(registry);
  addProcessMetrics(registry);
  gauges.minFree.set(deps.minFreeBytes);

  return async () => {
    const health = await deps.health();
    showHealth(gauges, health);
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
    outbox: gauge('bode_outbox_rows', 'Messages not done yet, up to 100000', ['queue']),
    age: gauge('bode_outbox_oldest_due_age_seconds', 'How long the longest due message has been due', ['queue']),
    dead: gauge('bode_dead_letters', 'Messages given up and not replayed or discarded, up to 100000', ['queue']),
    recent: gauge(
      'bode_recent_submissions',
      'Submissions received within the last hour, the latest 20000 at most, by what became of them so far',
      ['state', 'result'],
    ),
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

function clearStore({ outbox, age, dead, recent }: Gauges): void {
  for (const gauge of [outbox, age, dead, recent]) gauge.reset();
}

async function showStore(gauges: Gauges, { db, clock }: MetricsDeps): Promise<void> {
  const now = clock();
  const since = new Date(now.getTime() - RECENT_MS);
  const read = async () => [await backlogs(db, now), await countRecentSubmissions(db, since, RECENT_LIMIT)] as const;
  const [waiting, recent] = await within(STORE_WITHIN_MS, read());
  showBacklogs(gauges, waiting);
  showRecent(gauges, recent);
}

function showBacklogs({ outbox, age, dead }: Gauges, waiting: readonly Backlog[]): void {
  for (const { queue, outbox: rows, oldestDueMs, deadLetters } of waiting) {
    outbox.set({ queue }, rows);
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
