import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { periodic, type Service } from '../engine/core/service.ts';
import type { Job } from '../engine/jobs/job.ts';
import { createScheduler as createJobScheduler, type Scheduler } from '../engine/jobs/scheduler.ts';
import { linkAudit } from '../engine/store/audit-chain.ts';
import { auditHeadPath } from '../engine/store/audit-head.ts';
import type { Base, Materials } from './base.ts';

const LINK_EVERY_MS = 1_000;

/** Runs the jobs while it leads, and links the audit with whoever else does. */
export function createScheduler(
  base: Base,
  { auditKey: key }: Materials,
  jobs: readonly Job[],
  tickMs?: number,
): {
  readonly scheduler: Scheduler;
  readonly services: readonly Service[];
} {
  const { config, log, clock, telemetry } = base;
  const holder = `${hostname()} ${process.pid} ${randomUUID()}`;
  const alone = config.broker.url === 'embedded';
  const scheduler = createJobScheduler({
    ...base,
    jobs,
    holder,
    alone,
    leaseMs: config.scheduler.lease,
    ...(tickMs && { tickMs }),
  });
  const chain = { ...base, key, headPath: auditHeadPath(config.dataDir) };
  const tick = async (signal: AbortSignal) => {
    const linking = await linkAudit(chain, signal);
    if (linking.kind === 'linked') telemetry.count('bode_audit_lines_total', {}, linking.lines);
  };
  return {
    scheduler,
    services: [scheduler, periodic({ name: 'the audit', everyMs: LINK_EVERY_MS, log, clock, tick })],
  };
}
