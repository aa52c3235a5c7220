import type { Broker, Delivery, Settle } from '../engine/broker/broker.ts';
import { createEmbeddedBroker } from '../engine/broker/embedded.ts';
import { connectRabbitMq } from '../engine/broker/rabbitmq.ts';
import { createRelay, type Relay } from '../engine/broker/relay.ts';
import { createSettle } from '../engine/broker/settle.ts';
import type { Fault } from '../engine/broker/verdict.ts';
import { noteFailure } from '../engine/intake/dead-letter-desk.ts';
import { noteGivenUp } from '../engine/intake/give-up.ts';
import type { Db } from '../engine/store/database.ts';
import type { Base } from './base.ts';

/** How messages leave the store: every process has one, whatever its role. */
export interface Brokerage {
  readonly broker: Broker;
  readonly relay: Relay;
  /** Called after a commit that added to the outbox. */
  wake(): void;
}

/** Connects to the broker and makes the relay; neither moves a message before it is started. */
export async function openBrokerage(base: Base): Promise<Brokerage> {
  const { config } = base;
  const { failures, firstPause: firstPauseMs, maxPause: maxPauseMs } = config.broker.breaker;
  const breaker = { failures, firstPauseMs, maxPauseMs };
  const wake = () => relay.wake();
  const onFailed = (tx: Db, delivery: Delivery, fault: Fault) => noteFailure(tx, delivery, fault, base.clock());
  const onBuried = noteGivenUp({ ...base, wake, waitMs: config.intake.answerGivenUp });
  const broker = await openBroker(base, createSettle({ ...base, breaker, onFailed, onBuried, onSettled: wake }));
  const relay = createRelay({
    ...base,
    broker,
    pollMs: config.broker.relay.poll,
    leaseMs: config.broker.relay.lease,
    publishAgainMs: config.broker.relay.publishAgain,
    alone: config.broker.url === 'embedded',
  });
  return { broker, relay, wake };
}

async function openBroker({ config: { broker }, log, telemetry }: Base, settle: Settle): Promise<Broker> {
  const { url, namespace, prefetch } = broker;
  if (url === 'embedded') return createEmbeddedBroker({ settle, log });
  return connectRabbitMq({ url, namespace, settle, log, telemetry, prefetchOf: (queue) => prefetch[queue] });
}
