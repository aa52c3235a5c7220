import { setMaxListeners } from 'node:events';
import { QUEUES, type QueueName } from '../../schemas/messages.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { type Service, serialise } from '../core/service.ts';
import type { Db } from '../store/database.ts';
import { createAlarm } from './alarm.ts';
import type { Broker } from './broker.ts';
import {
  claimDue,
  type OutboxEntry,
  releaseAllLeases,
  releaseLeases,
  removeFromOutbox,
  renewLeases,
} from './outbox.ts';

export interface RelayDeps {
  readonly db: Db;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Logger;
  /** How often the outbox is looked at when nobody wakes the relay, in ms. Default 500. */
  readonly pollMs?: number;
  /** How long a dead relay keeps its messages, in ms; a living one renews. Default 30,000. */
  readonly leaseMs?: number;
  /** Messages of one queue in hand at once. Default 100. */
  readonly batch?: number;
  /** Longest pause after publishing failed, in ms. Default 5,000. */
  readonly maxPauseMs?: number;
  /** True when no other process relays from this store: leases left by a crash are then taken over at start. */
  readonly alone?: boolean;
}

/** Moves messages from the outbox to the broker: each at least once, in no promised order. */
export interface Relay extends Service {
  /** Tells that messages were committed: they are published at once instead of at the next poll. */
  wake(): void;
}

/**
 * Creates the relay. A row is removed when its publish resolves, and given back with a pause when it rejects, so a
 * dead broker costs one attempt a pause; while a publish lasts its lease is renewed. `stop` resolves when nothing is
 * in hand: what was not handed over is given back at once.
 */
export function createRelay(deps: RelayDeps): Relay {
  const { db, broker, clock, log, pollMs = 500, leaseMs = 30_000, batch = 100 } = deps;
  const publishing = new Map<number, QueueName>();
  const published: number[] = [];
  const refused: number[] = [];
  const alarm = createAlarm();
  const pause = createPause(clock, deps.maxPauseMs ?? 5_000);
  let stopping: AbortController | undefined;
  let loop: Promise<void> = Promise.resolve();

  const until = () => new Date(clock().getTime() + leaseMs);
  const inHand = () => [...publishing.keys(), ...published, ...refused];

  async function publish({ id, delivery }: OutboxEntry, signal: AbortSignal): Promise<void> {
    publishing.set(id, delivery.queue);
    try {
      await broker.publish(delivery, signal);
      pause.end();
      published.push(id);
    } catch (error) {
      if (!signal.aborted && pause.begin()) log.warn({ reason: messageOf(error) }, 'publish failed');
      refused.push(id);
    }
    publishing.delete(id);
    alarm.ring();
  }

  async function claim(signal: AbortSignal): Promise<void> {
    for (const queue of QUEUES) {
      const limit = batch - [...publishing.values()].filter((other) => other === queue).length;
      // claiming every place as it comes free would cost a transaction each
      if (limit < Math.min(batch, 4) || signal.aborted || pause.active()) continue;
      const entries = await claimDue(db, queue, { now: clock(), until: until(), limit });
      for (const entry of entries) void publish(entry, signal);
      if (entries.length === limit) alarm.ring();
    }
  }

  async function forget(signal: AbortSignal): Promise<void> {
    const [done, back] = [published.slice(), refused.slice()];
    await removeFromOutbox(db, done);
    published.splice(0, done.length);
    await releaseLeases(db, back, signal.aborted ? clock() : pause.retryAt());
    refused.splice(0, back.length);
  }

  async function attempt(what: string, work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => {
      log.error({ reason: messageOf(error) }, what);
      alarm.clear(); // the store is away: the next poll is soon enough
    });
  }

  async function run(signal: AbortSignal): Promise<void> {
    let renewAt = clock().getTime() + leaseMs / 3;
    while (!signal.aborted || publishing.size > 0) {
      await attempt('relay failed', async () => {
        await forget(signal);
        await claim(signal);
      });
      if (clock().getTime() >= renewAt) {
        renewAt = clock().getTime() + leaseMs / 3;
        await attempt('renewing leases failed', () => renewLeases(db, inHand(), until()));
      }
      await alarm.wait(Math.min(pollMs, leaseMs / 3));
    }
    await attempt('giving messages back failed', () => forget(signal)); // else their leases run out
  }

  async function start(): Promise<void> {
    if (stopping && !stopping.signal.aborted) return;
    stopping = new AbortController();
    setMaxListeners(0, stopping.signal); // one for each message in hand
    if (deps.alone) await releaseAllLeases(db);
    loop = run(stopping.signal);
  }

  async function stop(): Promise<void> {
    stopping?.abort();
    alarm.ring();
    await loop;
  }

  const inTurn = serialise();
  return { name: 'relay', wake: () => alarm.ring(), start: () => inTurn(start), stop: () => inTurn(stop) };
}

const FIRST_PAUSE_MS = 200;

/** How long to leave a failing broker alone: doubled with every failure in a row, ended by the first success. */
function createPause(clock: Clock, maxMs: number) {
  let failures = 0;
  let until = 0;

  return {
    active: () => clock().getTime() < until,
    /** False when it has begun already: one failure of the broker rejects everything in hand. */
    begin(): boolean {
      if (clock().getTime() < until) return false;
      until = clock().getTime() + Math.min(maxMs, FIRST_PAUSE_MS * 2 ** failures);
      failures += 1;
      return true;
    },
    end(): void {
      failures = 0;
      until = 0;
    },
    /** When a refused message is tried again; never at once, as others may well be accepted meanwhile. */
    retryAt: () => new Date(Math.max(until, clock().getTime() + FIRST_PAUSE_MS)),
  };
}
