import { type Check, createCheck } from '../core/health.ts';
import type { Db } from './database.ts';
import type { FreeBytes } from './free-space.ts';

const STORE_WITHIN_MS = 5_000;
const DISK_WITHIN_MS = 2_000;

/** DOWN when the store does not answer the shortest question within 5 s: without it nothing is taken in. */
export function storeCheck(db: Db, withinMs = STORE_WITHIN_MS): Check {
  return createCheck({
    name: 'store',
    failing: 'DOWN',
    withinMs,
    async probe() {
      await db.raw('select 1');
      return undefined;
    },
  });
}

/** DEGRADED below `minFreeBytes`: uploads are refused then, all else goes on. */
export function diskCheck(freeBytes: FreeBytes, minFreeBytes: number): Check {
  return createCheck({
    name: 'disk',
    failing: 'DEGRADED',
    withinMs: DISK_WITHIN_MS,
    async probe() {
      const free = await freeBytes();
      return free < minFreeBytes ? `${free} bytes are free, under ${minFreeBytes}: uploads are refused` : undefined;
    },
  });
}
