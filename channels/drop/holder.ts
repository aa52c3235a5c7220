import { randomBytes } from 'node:crypto';
import type { Clock } from '../../engine/core/clock.ts';
import type { Logger } from '../../engine/core/logger.ts';
import { periodic, type Service } from '../../engine/core/service.ts';
import { acquireLease, forgetLeases, leaseOf } from '../../engine/jobs/lease.ts';
import type { Db } from '../../engine/store/database.ts';

export interface HolderOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  /** True when there is no other engine on this store. */
  readonly alone: boolean;
  readonly leaseMs?: number;
}

/** How engines that share drop folders tell who of them lives: each has a lease in the store, and renews it. */
export interface Holder extends Service {
  /** Names this engine and no other, ever; 32 characters of hex. */
  readonly id: string;
  /** True when the lease of an engine has run out: what it has claimed may be taken over. */
  isDead(holder: string): Promise<boolean>;
  /** True when it is so long ago, or was so orderly, that it will never wake up again. */
  isLongDead(holder: string): Promise<boolean>;
}

const LEASE_MS = 15_000;
const LONG_MS = 86_400_000;
const PREFIX = 'drop ';

/** Creates the holder of this process. It must be started before anything is claimed, and stopped after. */
export function createHolder({ db, clock, log, alone, leaseMs = LEASE_MS }: HolderOptions): Holder {
  const id = randomBytes(16).toString('hex');
  const later = (ms: number) => new Date(clock().getTime() + ms);
  const renew = async () => {
    await acquireLease(db, { name: PREFIX + id, holder: id, now: clock(), until: later(leaseMs) });
  };
  const keeper = periodic({ name: 'lease of the drop folders', everyMs: leaseMs / 3, log, clock, tick: renew });

  async function ranOut(holder: string, before: Date): Promise<boolean> {
    if (holder === id) return false;
    if (alone) return true;
    const lease = await leaseOf(db, PREFIX + holder);
    return !lease || lease.until <= before;
  }

  async function start(): Promise<void> {
    await forgetLeases(db, PREFIX, later(-2 * LONG_MS)); // after this long they say nothing more than none does
    await renew();
    await keeper.start();
  }

  async function stop(): Promise<void> {
    await keeper.stop();
    await forgetLeases(db, PREFIX + id);
  }

  return {
    id,
    name: keeper.name,
    start,
    stop,
    isDead: (holder) => ranOut(holder, clock()),
    isLongDead: (holder) => ranOut(holder, later(-LONG_MS)),
  };
}
