import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from './logger.ts';

/** Anything that runs. Both methods may be called twice; stop resolves when nothing is running any more. */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts members in order and stops them in reverse; a failed start stops those already running. */
export function group(name: string, members: readonly Service[], log: Logger): Service {
  const running: Service[] = [];
  const inTurn = serialise();

  async function startAll(): Promise<void> {
    if (running.length > 0) return;
    for (const member of members) {
      try {
        await member.start();
        running.push(member);
      } catch (error) {
        await stopAll();
        throw error;
      }
    }
  }

  async function stopAll(): Promise<void> {
    for (let member = running.pop(); member; member = running.pop()) {
      const service = member.name;
      await member.stop().catch((err: unknown) => log.error({ err, service }, 'stop failed'));
    }
  }

  return { name, start: () => inTurn(startAll), stop: () => inTurn(stopAll) };
}

/** Lets actions run one after the other, whatever the outcome of the one before. */
export function serialise(): (action: () => Promise<void>) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (action) => {
    last = last.then(action, action);
    return last;
  };
}

/** Calls `tick` again and again, never twice at once; a failed tick is logged and the next one comes as usual. */
export function periodic(
  name: string,
  everyMs: number,
  tick: (signal: AbortSignal) => Promise<void>,
  log: Logger,
): Service {
  let stopping: AbortController | undefined;
  let loop = Promise.resolve();

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await tick(signal).catch((err: unknown) => {
        if (!signal.aborted) log.error({ err, service: name }, 'tick failed');
      });
      await delay(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  return {
    name,
    async start() {
      if (stopping) return;
      stopping = new AbortController();
      loop = run(stopping.signal);
    },
    async stop() {
      stopping?.abort();
      stopping = undefined;
      await loop;
    },
  };
}
