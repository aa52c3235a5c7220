import { QUEUES } from '../../schemas/messages.ts';
import type { Clock } from '../core/clock.ts';
import { type Check, createCheck } from '../core/health.ts';
import type { Db } from '../store/database.ts';
import { oldestDueMs } from './backlog.ts';
import type { Broker } from './broker.ts';

const WITHIN_MS = 5_000;

/** DEGRADED while the broker is away: uploads go on, and the outbox keeps what they cause. */
export function brokerCheck(broker: Pick<Broker, 'health'>): Check {
  return createCheck({
    name: 'broker',
    failing: 'DEGRADED',
    withinMs: WITHIN_MS,
    probe: async () => (broker.health() === 'up' ? undefined : 'not connected, or not all queues are consumed'),
  });
}

export interface OutboxCheckOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly maxAgeMs: number;
}

/** DEGRADED when a message has been due for longer than `maxAgeMs`: work comes in faster than it is done, or none is done. */
export function outboxCheck({ db, clock, maxAgeMs }: OutboxCheckOptions): Check {
  async function probe(): Promise<string | undefined> {
    for (const queue of QUEUES) {
      const ageMs = await oldestDueMs(db, queue, clock());
      if (ageMs > maxAgeMs) {
        return `a message of ${queue} has been due for ${Math.round(ageMs / 1_000)} s, over ${maxAgeMs / 1_000} s`;
      }
    }
    return undefined;
  }
  return createCheck({ name: 'outbox', failing: 'DEGRADED', withinMs: WITHIN_MS, probe });
}
