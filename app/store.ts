import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../engine/core/errors.ts';
import type { Service } from '../engine/core/service.ts';
import type { Receiver } from '../engine/intake/receive.ts';
import { migrate } from '../engine/store/migrate.ts';
import { isStoreAway } from '../engine/store/store-away.ts';
import type { Base } from './base.ts';
import { RECOVER_EVERY_MS } from './jobs.ts';

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 10_000;

/** Migrates, then takes in what a crash left, before this process takes anything new; waits while the database is away. */
export function createStoreService(base: Base, receiver: Receiver | undefined): Service {
  // where there are other processes, senders may be at work with them: their sets must lie still first
  const quietMs = base.config.broker.url === 'embedded' ? 0 : RECOVER_EVERY_MS;

  async function open(): Promise<void> {
    await migrate(base.db);
    await receiver?.recover(quietMs);
  }

  return {
    name: 'store',
    async start() {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2)) {
        try {
          return await open();
        } catch (error) {
          if (!isStoreAway(error)) throw error;
          base.log.warn({ reason: messageOf(error), pauseMs }, 'the store is away: it is tried again');
          await delay(pauseMs);
        }
      }
    },
    stop: () => base.db.destroy(),
  };
}
