import { loadMaterials, openBase } from './app/base.ts';
import { openBrokerage } from './app/brokerage.ts';
import { createChannels, createIntake } from './app/channels.ts';
import { createJobs } from './app/jobs.ts';
import { createObserve } from './app/observe.ts';
import { createScheduler } from './app/scheduler.ts';
import { createSoleService } from './app/sole.ts';
import { createStoreService } from './app/store.ts';
import { createWorkers } from './app/workers.ts';
import type { Config } from './config/load.ts';
import type { Clock } from './engine/core/clock.ts';
import { EngineError } from './engine/core/errors.ts';
import type { Logger } from './engine/core/logger.ts';
import { group, type Service, together, watched } from './engine/core/service.ts';

/** Which part of the engine a process runs; any number of processes of each role share store, broker and blob directory. */
export type Role = 'all' | 'channels' | 'worker' | 'scheduler';

/** What time is for an engine that is driven through days it does not live. */
export interface Driven {
  /** Default: the machine's own. */
  readonly clock?: Clock;
  /** How often the scheduler looks at it, in ms. */
  readonly tickMs?: number;
}

/**
 * The composition root: with the folder `app/` the only place that knows every part.
 * Read it top to bottom to learn what runs; there is no container and no registration elsewhere.
 *
 * @param patienceOver aborted when the engine, while stopping, may wait no longer for work in hand.
 * @throws config_invalid when the role needs a broker that processes share and there is none.
 */
export async function createApp(
  config: Config,
  log: Logger,
  patienceOver: AbortSignal,
  role: Role = 'all',
  { clock, tickMs }: Driven = {},
): Promise<Service> {
  requireShared(config, role);
  const runs = (part: Role) => role === 'all' || role === part;
  const materials = await loadMaterials(config);
  const base = openBase(config, materials, log, clock);
  const { broker, relay, wake } = await openBrokerage(base);
  const receiver = createIntake(base, materials, wake);
  const jobs = createJobs(base, materials, { receiver, wake, broker, channels: runs('channels') });
  const { scheduler, services } = createScheduler(base, materials, jobs, tickMs);
  const work = runs('worker') ? createWorkers(base, materials, broker, patienceOver) : undefined;
  const takers = [
    ...(work?.workers ?? []),
    relay,
    ...(runs('scheduler') ? services : []),
    ...(runs('channels') ? await createChannels(base, materials, receiver) : []),
  ];
  const members = [
    ...(config.broker.url === 'embedded' ? [createSoleService(base)] : []),
    createStoreService(base, runs('channels') ? receiver : undefined),
    { name: 'broker', start: async () => undefined, stop: () => broker.close() },
    ...(work ? [work.inspector] : []),
    together('work', takers, log),
  ];
  const { service: engine, isReady } = watched(group('engine', members, log));
  // seen from the first moment to the last: also while the store is waited for, and while work in hand ends
  const observe = createObserve({
    base,
    broker,
    jobs,
    isReady,
    channels: runs('channels'),
    ...(runs('scheduler') && { scheduler }),
  });
  return group('process', [...observe, engine], log);
}

function requireShared({ broker, store }: Config, role: Role): void {
  if (role === 'all') return;
  const embedded = broker.url === 'embedded' ? 'broker.url: embedded' : undefined;
  const alone = embedded ?? (store.url.startsWith('sqlite:') ? 'store.url: sqlite' : undefined);
  if (alone === undefined) return;
  const remedy = 'set broker.url to amqp://… and store.url to postgres://…, or start with --role all';
  throw new EngineError(
    'config_invalid',
    `${alone} serves one process, but --role ${role} is one of several: ${remedy}`,
  );
}
