import type { Condition } from '../jobs/conditions.ts';
import { countPending } from '../landing/pending-arrivals.ts';

const COUNTED = 100_000;

/** Sets whose GO has lain for longer than `maxAgeMs`: something keeps the intake from taking them in. */
export function arrivalsWait(maxAgeMs = 300_000): Condition {
  return {
    name: 'sets not taken in',
    level: 'error',
    async find(db, now) {
      const waiting = await countPending(db, new Date(now.getTime() - maxAgeMs), COUNTED);
      if (waiting === 0) return [];
      const detail = `${waiting} sets with a GO have waited for more than ${maxAgeMs / 1_000} s: the log says why`;
      return [{ subject: '', detail }];
    },
  };
}
