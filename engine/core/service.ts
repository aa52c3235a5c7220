import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { createOutage } from './outage.ts';

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

/** Starts members in order and stops them all at once: none takes new work while another finishes what it has. */
export function together(name: string, members: readonly Service[], log: Logger): Service {
  const started = group(name, members, log);
  const stop = async () => {
    await Promise.all(
      members.map((member) =>
        member.stop().catch((err: unknown) => log.error({ err, service: member.name }, 'stop failed')),
      ),
    );
    await started.stop(); // nothing is left to do: so that it can be started again
  };
  return { name, start: started.start, stop };
}

/** Tells whether a service has started and was not told to stop since. */
export function watched(service: Service): { readonly service: Service; isReady(): boolean } {
  let ready = false;

  async function start(): Promise<void> {
    await service.start();
    ready = true;
  }
  function stop(): Promise<void> {
    ready = false;
    return service.stop();
  }
  return { service: { name: service.name, start, stop }, isReady: () => ready };
}

/** Lets actions run one after the other, whatever the outcome of the one before. */
export function serialise(): (action: () => Promise<void>) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (action) => {
    last = last.then(action, action);
    return last;
  };
}

/** What is done again and again. */
export interface Periodic {
  readonly name: string;
  readonly everyMs: number;
  readonly log: Logger;
  readonly clock: Clock;
  tick(signal: AbortSignal): Promise<void>;
}

/** Calls `tick` again and again, never twice at once; failures in a row are one line at the first and one at their end. */
export function periodic({ name, everyMs, log, clock, tick }: Periodic): Service {
  const outage = createOutage(name, log, clock);
  let stopping: AbortController | undefined;
  let loop = Promise.resolve();

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await tick(signal).then(outage.succeeded, (error: unknown) => {
        if (!signal.aborted) outage.failed(error);
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
