import type { QueueName } from '../../schemas/messages.ts';
import { EngineError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Broker, Delivery, Settle, Subscription } from './broker.ts';
import { handOver } from './hand-over.ts';

interface Waiting {
  readonly delivery: Delivery;
  /** From now on it is in hand: only its settlement or a stop ends it. */
  taken(): void;
  resolve(settled: 'settled'): void;
  reject(error: EngineError): void;
}

interface Consumer {
  readonly hasRoom: () => boolean;
  readonly prefetch: number;
  take(waiting: Waiting): void;
  readonly subscription: Subscription;
}

interface Line {
  readonly waiting: Set<Waiting>;
  readonly consumers: Set<Consumer>;
}

/**
 * A broker inside this process: `publish` hands the delivery to a consumer of its queue and resolves once it is
 * settled; while there is none, or none with a place free, it waits. Nothing is kept: the outbox row is the truth.
 */
export function createEmbeddedBroker({ settle, log }: { readonly settle: Settle; readonly log: Logger }): Broker {
  const lines = new Map<QueueName, Line>();
  let closed = false;

  function lineOf(queue: QueueName): Line {
    const line = lines.get(queue) ?? { waiting: new Set(), consumers: new Set() };
    lines.set(queue, line);
    return line;
  }

  function serve(line: Line): void {
    for (const waiting of line.waiting) {
      const consumer = [...line.consumers].find(({ hasRoom }) => hasRoom());
      if (!consumer) return;
      line.waiting.delete(waiting);
      waiting.taken();
      consumer.take(waiting);
    }
  }

  function publish(delivery: Delivery, signal?: AbortSignal): Promise<'settled'> {
    if (closed || signal?.aborted) return Promise.reject(notTaken());
    const line = lineOf(delivery.queue);
    return new Promise((resolve, reject) => {
      const giveUp = () => line.waiting.delete(waiting) && reject(notTaken());
      const taken = () => signal?.removeEventListener('abort', giveUp);
      const waiting: Waiting = { delivery, taken, resolve, reject };
      line.waiting.add(waiting);
      signal?.addEventListener('abort', giveUp);
      serve(line);
    });
  }

  return {
    publish,
    places: (queue) => Math.max(1, sum([...lineOf(queue).consumers].map(({ prefetch }) => prefetch))),
    async consume(queue, handle, { prefetch }) {
      const line = lineOf(queue);
      const leave = () => line.consumers.delete(consumer);
      const consumer = createConsumer({ handle, settle, log, prefetch, next: () => serve(line), leave });
      line.consumers.add(consumer);
      serve(line);
      return consumer.subscription;
    },
    health: () => (closed ? 'down' : 'up'),
    async close() {
      closed = true;
      const all = [...lines.values()];
      for (const { taken, reject } of all.flatMap((line) => [...line.waiting])) {
        taken();
        reject(notTaken());
      }
      for (const line of all) line.waiting.clear();
      await Promise.all(all.flatMap((line) => [...line.consumers]).map(({ subscription }) => subscription.stop()));
    },
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

const notTaken = () => new EngineError('broker_unavailable', 'the engine is stopping: no worker took the message');

interface ConsumerDeps {
  readonly handle: Parameters<Broker['consume']>[1];
  readonly settle: Settle;
  readonly log: Logger;
  readonly prefetch: number;
  /** Called when a place has come free. */
  next(): void;
  /** Called when it takes no more. */
  leave(): void;
}

function createConsumer({ handle, settle, log, prefetch, next, leave }: ConsumerDeps): Consumer {
  const inHand = new Set<Promise<void>>();
  const stopping = new AbortController();

  async function work({ delivery, resolve, reject }: Waiting): Promise<void> {
    const settled = await handOver(delivery, { handle, settle, log, signal: stopping.signal });
    if (settled) resolve('settled');
    else reject(notTaken());
  }

  return {
    prefetch,
    hasRoom: () => !stopping.signal.aborted && inHand.size < prefetch,
    take(waiting) {
      const working = work(waiting).finally(() => {
        inHand.delete(working);
        next();
      });
      inHand.add(working);
    },
    subscription: {
      async stop() {
        stopping.abort();
        leave();
        await Promise.all(inHand);
      },
    },
  };
}
