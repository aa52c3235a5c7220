import { setTimeout as delay } from 'node:timers/promises';
import type { Watch } from './flow-contender.ts';

/** Gives the stems of sets that are done and were not given before. */
export type NewlyDone = () => Promise<readonly string[]>;

const PATIENCE_MS = 60_000;

/** Looks every so many ms for sets that are done. */
export function createWatch(newlyDone: NewlyDone, everyMs: number): Watch {
  const doneAt = new Map<string, number>();
  let stopped = false;
  let failure: unknown;
  let lastSeen = performance.now();

  async function look(): Promise<void> {
    const stems = await newlyDone();
    const now = performance.now();
    for (const stem of stems) doneAt.set(stem, now);
    if (stems.length > 0) lastSeen = now;
  }

  async function loop(): Promise<void> {
    while (!stopped) {
      await look();
      await delay(everyMs);
    }
  }

  const running = loop().catch((error: unknown) => {
    failure = error;
  });

  async function all(stems: readonly string[]): Promise<void> {
    lastSeen = performance.now();
    for (;;) {
      if (failure) throw failure;
      const missing = stems.filter((stem) => !doneAt.has(stem));
      if (missing.length === 0) return;
      if (performance.now() - lastSeen > PATIENCE_MS)
        throw new Error(`${missing.length} sets were never done: ${missing[0]}…`);
      await delay(everyMs);
    }
  }

  async function stop(): Promise<void> {
    stopped = true;
    await running;
  }

  return { doneAt, all, stop };
}
