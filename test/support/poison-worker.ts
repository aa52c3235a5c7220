// A process that does what an engine's worker does, with a pipeline that kills it: see test/flow/poison.test.ts.
import type { Broker, Delivery } from '../../engine/broker/broker.ts';
import { createEmbeddedBroker } from '../../engine/broker/embedded.ts';
import type { Pipeline, Work } from '../../engine/broker/pipeline.ts';
import { connectRabbitMq } from '../../engine/broker/rabbitmq.ts';
import { createRelay } from '../../engine/broker/relay.ts';
import { createSettle } from '../../engine/broker/settle.ts';
import { createWorker } from '../../engine/broker/worker.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { createLogger } from '../../engine/core/logger.ts';
import { openStore } from '../../engine/store/database.ts';
import type { SubmissionReceived } from '../../schemas/messages.ts';

/** What the process is told, as JSON, in its first argument. */
export interface PoisonSetting {
  readonly storeUrl: string;
  /** The embedded broker when absent. */
  readonly rabbitMqUrl?: string;
  readonly namespace: string;
  readonly prefetch: number;
  /** Begins the id of each message that kills the process. */
  readonly poison: string;
}

const setting: PoisonSetting = JSON.parse(process.argv[2] ?? '');
const log = createLogger({ level: 'warn', fd: 2 });
const db = openStore({ url: setting.storeUrl, poolSize: 5 });
const base = { db, log, clock: systemClock };
const settle = createSettle({ ...base, onSettled: () => relay.wake() });
const broker = noting(await openBroker());
const relay = createRelay({ ...base, broker, pollMs: 50, leaseMs: 1_000, alone: !setting.rabbitMqUrl });

const pipeline: Pipeline<SubmissionReceived, Work & { readonly id: string }> = {
  kind: 'submission.received',
  queue: 'submissions',
  async prepare({ id }) {
    if (id.startsWith(setting.poison)) {
      await new Promise((resolve) => setTimeout(resolve, 3)); // so that others are at work too
      process.kill(process.pid, 'SIGKILL');
    }
    return { kind: 'work', id };
  },
  stages: {
    async effect(work, { tx }) {
      await tx('effects').insert({ id: work.id });
      return work;
    },
  },
};

const policy = { maxAttempts: 5, firstDelayMs: 100, maxDelayMs: 100 };
const worker = createWorker(
  { ...base, broker, policy, prefetch: setting.prefetch, signal: new AbortController().signal },
  pipeline,
);
await relay.start();
await worker.start();

function openBroker(): Promise<Broker> {
  const { rabbitMqUrl: url, namespace } = setting;
  return url
    ? connectRabbitMq({ url, namespace, settle, log })
    : Promise.resolve(createEmbeddedBroker({ settle, log }));
}

/** Notes how often what comes was in hand before. */
function noting(inner: Broker): Broker {
  return {
    ...inner,
    consume(queue, handle, options) {
      const noted = async (delivery: Delivery) => {
        const { message, redeliveries } = delivery;
        if (redeliveries > 0) await db('redelivered').insert({ id: message.id, redeliveries });
        return handle(delivery);
      };
      return inner.consume(queue, noted, options);
    },
  };
}
