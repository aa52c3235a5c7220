import type { Clock } from './clock.ts';
import { messageOf } from './errors.ts';
import type { Logger } from './logger.ts';

/** Tells of something that fails again and again with one line at the start and one at the end. */
export interface Outage {
  failed(error: unknown): void;
  succeeded(): void;
}

/** @param what what is away, in a few words; part of both lines. */
export function createOutage(what: string, log: Logger, clock: Clock): Outage {
  let since: Date | undefined;
  return {
    failed(error) {
      if (since) return;
      since = clock();
      log.error({ reason: messageOf(error) }, `${what}: away`);
    },
    succeeded() {
      if (!since) return;
      log.warn({ awayMs: clock().getTime() - since.getTime() }, `${what}: back`);
      since = undefined;
    },
  };
}
