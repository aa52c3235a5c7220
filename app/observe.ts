import { createMetrics } from '../channels/observe/metrics.ts';
import { createObserveServer } from '../channels/observe/server.ts';
import type { Broker } from '../engine/broker/broker.ts';
import { brokerCheck, outboxCheck } from '../engine/broker/health.ts';
import { type Check, healthOf } from '../engine/core/health.ts';
import type { Service } from '../engine/core/service.ts';
import { schedulerCheck } from '../engine/jobs/health.ts';
import type { Job } from '../engine/jobs/job.ts';
import type { Scheduler } from '../engine/jobs/scheduler.ts';
import { diskCheck, storeCheck } from '../engine/store/health.ts';
import { antivirusCheck } from './antivirus.ts';
import type { Base } from './base.ts';
import { dropCheck } from './drop.ts';

/** What can be wrong with an installation, whichever of its processes looks, and how bad it is. */
interface NamedCheck {
  readonly name: string;
  readonly level: 'error' | 'warn';
  readonly check: Check;
}

/** The parts of the engine around this process that are not everywhere. */
export interface Near {
  /** Absent where there is no connection to it. */
  readonly broker?: Broker;
  /** Whether this process serves channels. */
  readonly channels: boolean;
}

/** The checks that an operator is to hear of, too: of what is near this process. */
export function checksOf(base: Base, { broker, channels }: Near): NamedCheck[] {
  const { config, db, clock, blobs } = base;
  const disk = diskCheck(blobs.files.freeBytes, config.landing.minFreeBytes);
  const checks: NamedCheck[] = [
    { name: 'disk low', level: 'error', check: disk },
    { name: 'outbox old', level: 'error', check: outboxCheck({ db, clock, maxAgeMs: config.observe.outboxAge }) },
  ];
  const antivirus = antivirusCheck(config);
  if (antivirus) checks.push({ name: 'virus scanner away', level: 'error', check: antivirus });
  const drop = channels ? dropCheck(config.channels.drop) : undefined;
  if (drop) checks.push({ name: 'drop folder unusable', level: 'error', check: drop });
  return broker ? [{ name: 'broker down', level: 'error', check: brokerCheck(broker) }, ...checks] : checks;
}

/** What health and metrics tell of. */
export interface Observed {
  readonly base: Base;
  readonly broker: Broker;
  readonly jobs: readonly Job[];
  /** Absent when this process has none. */
  readonly scheduler?: Scheduler;
  /** True while the process does its part: everything has started, and nothing was told to stop. */
  readonly isReady: () => boolean;
  readonly channels: boolean;
}

/** Health and metrics of this process, if they are enabled. */
export function createObserve({ base, broker, jobs, scheduler, isReady, channels }: Observed): Service[] {
  const { config, db, clock, blobs } = base;
  const { enabled, host, port } = config.observe;
  if (!enabled) return [];
  const { freeBytes } = blobs.files;
  const near = checksOf(base, { broker, channels }).map(({ check }) => check);
  const checks = [storeCheck(db), ...near, schedulerCheck({ db, clock })];
  const health = () => healthOf(checks);
  const metrics = createMetrics({
    ...base,
    health,
    freeBytes,
    minFreeBytes: config.landing.minFreeBytes,
    jobs: jobs.map(({ name }) => name),
    ...(scheduler ? { leads: () => scheduler.leads() } : {}),
  });
  return [createObserveServer({ ...base, host, port, health, isReady, metrics })];
}
