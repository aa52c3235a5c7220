import type { Clock } from '../core/clock.ts';

/** Remembers which senders had work lately. */
export interface Crowd {
  /** These have work now. */
  saw(senders: Iterable<string>): void;
  /** Whether more than one had any within the last minute. */
  isThere(): boolean;
}

const LATELY_MS = 60_000;

/** Creates a crowd of nobody. */
export function createCrowd(clock: Clock): Crowd {
  const lastSeen = new Map<string, number>();

  function forgetOthers(now: number): void {
    for (const [sender, at] of lastSeen) if (now - at > LATELY_MS) lastSeen.delete(sender);
  }

  return {
    saw(senders) {
      const now = clock().getTime();
      for (const sender of senders) lastSeen.set(sender, now);
    },
    isThere() {
      if (lastSeen.size > 1) forgetOthers(clock().getTime());
      return lastSeen.size > 1;
    },
  };
}
