import { createHash } from 'node:crypto';
import type { Config } from '../config/load.ts';
import type { Logger } from '../engine/core/logger.ts';
import { type Pruned, pruneExpired } from '../engine/expiry/prune.ts';
import { remindOfTasks } from '../engine/expiry/remind-tasks.ts';
import { type Warned, warnOwners } from '../engine/expiry/warn.ts';
import type { Job } from '../engine/jobs/job.ts';
import { daily } from '../engine/jobs/timetable.ts';
import { type Identity, signDetachedAside } from '../engine/outbound/sign.ts';
import { type Base, loadMaterials, type Materials, openBase } from './base.ts';

/** How long it may go on, and who has it done. */
interface Run {
  readonly proceed?: () => void;
  readonly signal?: AbortSignal;
  readonly by?: string;
}

/** Warns owners, then removes what has expired: what the daily job does. */
export async function runExpiry(base: Base, { identity }: Materials, run: Run): Promise<Warned & Pruned> {
  const { expiry, mailboxes } = base.config;
  const warned = await warnOwners({ ...base, rules: expiry, provider: mailboxes.provider, ...run });
  const tasks = await remindOfTasks({ ...base, taskDays: expiry.taskDays, ...run }); // before the removal, which may take long or fail
  const exportDir = expiry.exportDir === '' ? undefined : expiry.exportDir;
  const pruned = await pruneExpired({ ...base, graceMs: expiry.grace, exportDir, sign: signWith(identity), ...run });
  return { ...warned, ...tasks, ...pruned };
}

/** Signs bytes as the engine does. */
export const signWith = (identity: Identity) => (bytes: Buffer, now: Date) =>
  signDetachedAside({ digest: createHash('sha256').update(bytes).digest(), identity, now });

/** What is done each day about what expires. */
export function expiryJobs(base: Base, materials: Materials): Job[] {
  return [
    {
      name: 'expire-messages',
      due: daily(base.config.expiry.at),
      run: async ({ signal, proceed }) => summaryOf(await runExpiry(base, materials, { signal, proceed })),
    },
  ];
}

function summaryOf(done: Warned & Pruned): string {
  const { warned, alerted, reminded, messages: removed } = done;
  const parts = Object.entries({ warned, alerted, reminded, removed }).filter(([, count]) => count > 0);
  return parts.map(([what, count]) => `${count} ${what}`).join(', ');
}

/** What somebody needs who has it done by hand, without an engine around. */
export async function openExpiry(config: Config, log: Logger) {
  const materials = await loadMaterials(config);
  const base = openBase(config, materials, log);
  return { run: (by: string) => runExpiry(base, materials, { by }), close: () => base.db.destroy() };
}
