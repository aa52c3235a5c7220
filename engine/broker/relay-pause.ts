import type { Clock } from '../core/clock.ts';

/** How long to leave a failing broker alone: doubled with every failure in a row, ended by the first success. */
export interface Pause {
  active(): boolean;
  /** False when it has begun already: one failure of the broker rejects everything in hand. */
  begin(): boolean;
  end(): void;
  /** When a refused message is tried again; never at once, as others may well be accepted meanwhile. */
  retryAt(): Date;
}

const FIRST_PAUSE_MS = 200;

/** Creates a pause that has not begun; it lasts from 0.2 s to `maxMs`. */
export function createPause(clock: Clock, maxMs: number): Pause {
  let failures = 0;
  let until = 0;

  return {
    active: () => clock().getTime() < until,
    begin() {
      if (clock().getTime() < until) return false;
      until = clock().getTime() + Math.min(maxMs, FIRST_PAUSE_MS * 2 ** failures);
      failures += 1;
      return true;
    },
    end() {
      failures = 0;
      until = 0;
    },
    retryAt: () => new Date(Math.max(until, clock().getTime() + FIRST_PAUSE_MS)),
  };
}
