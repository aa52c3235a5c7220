import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../engine/core/logger.ts';
import type { Service } from '../../engine/core/service.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const FIRM_MS = 2_000;

/** Resolves with the first SIGTERM or SIGINT; from then on another one ends the process at once, with status 1. */
export async function firstSignal(): Promise<string> {
  const first = await Promise.race(SIGNALS.map((name) => once(process, name).then(() => name)));
  for (const name of SIGNALS) process.on(name, () => process.exit(1));
  return first;
}

export interface Patience {
  /** Work in hand may finish within this. */
  readonly patienceMs: number;
  /** Aborted when it is over. */
  readonly over: AbortController;
  readonly log: Logger;
}

/** Stops a service: first softly, then by giving up what is in hand; resolves two seconds after that at the latest. */
export async function stopPatiently(service: Service, { patienceMs, over, log }: Patience): Promise<void> {
  const waiting = new AbortController();
  const stopped = service.stop().then(() => waiting.abort());
  await Promise.race([stopped, pause(patienceMs, waiting.signal)]);
  if (!waiting.signal.aborted) {
    over.abort(new Error('out of patience'));
    log.warn({ patienceMs }, 'out of patience: work in hand is given up and will be done again');
    await Promise.race([stopped, pause(FIRM_MS, waiting.signal)]);
  }
  log.info('stopped');
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined); // cut short: there is nothing left to wait for
}
