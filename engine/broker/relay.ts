import { setMaxListeners } from 'node:events';
import { QUEUES, type QueueName } from '../../schemas/messages.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { createOutage } from '../core/outage.ts';
import { type Service, serialise } from '../core/service.ts';
import { noTelemetry, type Telemetry } from '../core/telemetry.ts';
import { type Db, isSqlite } from '../store/database.ts';
import { createAlarm } from './alarm.ts';
import { resumeHealed } from './breakers.ts';
import type { Broker } from './broker.ts';
import { createCrowd } from './crowd.ts';
import { type Look, lookForDue, tryClaimDue } from './outbox-claims.ts';
import type { OutboxEntry } from './outbox-entries.ts';
import { markLeases, releaseAllLeases, releaseLeases, renewLeases } from './outbox-leases.ts';
import { handedAtOnce, leasedAtOnce } from './places.ts';
import { createPause } from './relay-pause.ts';
import type { Limits } from './shares.ts';
import { createStock, type Held, type Stock } from './stock.ts';

export interface RelayDeps {
  readonly db: Db;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry?: Telemetry;
  /** How often the outbox is looked at when nobody wakes the relay, in ms. Default 500. */
  readonly pollMs?: number;
  /** How long a dead relay keeps its messages, in ms; a living one renews. Default 15,000. */
  readonly leaseMs?: number;
  /** After how long a message that the broker has confirmed and nobody has settled is published again, in ms. Default 600,000. */
  readonly publishAgainMs?: number;
  /**
   * The part of the workers' places that one sender may take while it is the only one; at least one place. While others
   * have work it is a quarter of it. Default 0.5; on SQLite 0: its one connection does one thing at a time, so a second message of a busy sender only makes the others wait longer.
   */
  readonly senderShare?: number;
  /** Longest pause after publishing failed, in ms. Default 5,000. */
  readonly maxPauseMs?: number;
  /** True when no other process relays from this store: leases left by a crash are then taken over at start. */
  readonly alone?: boolean;
}

/** Moves messages from the outbox to the broker: each at least once, in no promised order, senders in turn. */
export interface Relay extends Service {
  /** Tells that messages were committed, or settled: the outbox is looked at at once instead of at the next poll. */
  wake(): void;
}

const DOWNSTREAM_FIRST = QUEUES.toReversed(); // what is nearly done does not wait for what begins
const HEAL_EVERY_MS = 1_000;
const SOON_MS = 5;
const MARKED_AFTER = 6; // parts of a lease; where it is confirmed at least a third is left

/**
 * Creates the relay. What is in hand is bounded, and of one sender to a share of it, so that another sender's message
 * always finds a free place. A message is leased while it is published; confirmed, it stays leased until it is settled
 * or published again; refused, it is given back with a pause, so a dead broker costs one attempt a pause. Any number
 * of relays share a store. `stop` resolves when nothing is in hand: what was not handed over is given back at once.
 */
export function createRelay(deps: RelayDeps): Relay {
  const { db, broker, clock, log, telemetry = noTelemetry, pollMs = 500, leaseMs = 15_000, alone = false } = deps;
  const { publishAgainMs = 600_000, senderShare = isSqlite(db) ? 0 : 0.5 } = deps;
  const stocks = new Map<QueueName, Stock>(QUEUES.map((queue) => [queue, createStock()]));
  const confirmed: Held[] = [];
  const refused: Held[] = [];
  const alarm = createAlarm();
  const outage = createOutage('the store, seen by the relay', log, clock);
  const pause = createPause(clock, deps.maxPauseMs ?? 5_000);
  const crowd = createCrowd(clock);
  let markAt = Number.POSITIVE_INFINITY;
  let soonMs = 0; // somebody else was claiming, and may have looked before what is due now was there
  let refusals = 0; // in a row: whoever is frozen while it claims is not asked every few ms
  let stopping: AbortController | undefined;
  let loop: Promise<void> = Promise.resolve();

  const after = (ms: number) => new Date(clock().getTime() + ms);
  const inHand = () => [...stocks.values()].flatMap((stock) => stock.all());

  async function publish(entry: Held, stock: Stock, signal: AbortSignal): Promise<void> {
    const { delivery } = entry;
    const { queue } = delivery;
    telemetry.time('bode_wait_seconds', { queue }, Math.max(0, clock().getTime() - entry.dueAt.getTime()));
    try {
      const taken = await broker.publish(delivery, signal);
      pause.end();
      if (taken === 'confirmed') markLater(entry);
    } catch (error) {
      if (!signal.aborted && pause.begin()) log.warn({ reason: messageOf(error) }, 'publish failed');
      refused.push(entry);
    }
    stock.done(entry);
    handOver(queue, stock, signal);
    alarm.ring();
  }

  /** Publishes what is in stock as places come free; a lease that has run out may be somebody else's by now. */
  function handOver(queue: QueueName, stock: Stock, signal: AbortSignal): void {
    stock.drop(({ lease }) => Date.parse(lease) <= clock().getTime());
    if (signal.aborted || pause.active()) return;
    const places = handedAtOnce(broker.places(queue), { alone, senderShare });
    for (let entry = stock.next(places); entry; entry = stock.next(places)) void publish(entry, stock, signal);
  }

  async function claim(signal: AbortSignal): Promise<void> {
    if (signal.aborted || pause.active()) return;
    const sharing = { alone, senderShare, crowded: crowd.isThere() };
    const limits = leasedAtOnce(new Map(DOWNSTREAM_FIRST.map((queue) => [queue, broker.places(queue)])), sharing);
    const look = await lookForDue(db, limits, clock());
    crowd.saw(look.senders);
    for (const queue of look.queues) {
      const of = limits.get(queue);
      if (of && !signal.aborted && !pause.active()) await claimFrom(queue, of, look, signal);
    }
  }

  async function claimFrom(queue: QueueName, limits: Limits, look: Look, signal: AbortSignal): Promise<void> {
    const claim = { now: clock(), until: after(leaseMs), ...limits };
    const entries = await tryClaimDue(db, queue, claim, alone ? look : undefined);
    const stock = stocks.get(queue);
    refusals = entries ? 0 : refusals + 1;
    if (!entries) soonMs = Math.min(pollMs, SOON_MS * 2 ** Math.min(refusals - 1, 10));
    if (!entries || !stock) return;
    for (const entry of entries) {
      stock.add({ ...entry });
      look.held.push({ queue, sender: entry.sender, rows: 1 });
    }
    countTakeovers(entries);
    handOver(queue, stock, signal);
  }

  function countTakeovers(entries: readonly OutboxEntry[]): void {
    const taken = entries.filter(({ delivery }) => delivery.redeliveries > 0).length;
    if (taken === 0) return;
    telemetry.count('bode_lease_takeovers_total', { lease: 'outbox' }, taken);
    log.info({ messages: taken }, 'messages taken over');
  }

  /**
   * Marks what the broker has confirmed, and gives back what it refused or was not handed over. A mark is made when a
   * sixth of the lease is over: most messages are settled by then, and a mark of each would wait for the very worker
   * that takes its row away.
   */
  async function note(signal: AbortSignal): Promise<void> {
    const unwanted = signal.aborted ? [...stocks.values()].flatMap((stock) => stock.drop()) : [];
    refused.push(...unwanted);
    const back = refused.slice();
    if (signal.aborted || clock().getTime() >= markAt) await mark();
    await releaseLeases(db, back, signal.aborted ? clock() : pause.retryAt());
    refused.splice(0, back.length);
  }

  function markLater(entry: Held): void {
    if (confirmed.length === 0) markAt = clock().getTime() + leaseMs / MARKED_AFTER;
    confirmed.push(entry);
  }

  /** Of those that somebody has locked, most will be gone at the next mark. */
  async function mark(): Promise<void> {
    const done = confirmed.slice();
    const locked = await markLeases(db, done, after(publishAgainMs));
    const now = clock().getTime();
    const again = locked.filter(({ lease }) => Date.parse(lease) > now);
    confirmed.splice(0, done.length, ...again);
    markAt = confirmed.length > 0 ? now + leaseMs / MARKED_AFTER : Number.POSITIVE_INFINITY;
  }

  async function renew(): Promise<void> {
    const until = after(leaseMs);
    const entries = inHand();
    const kept = new Set(await renewLeases(db, entries, until));
    for (const entry of kept) entry.lease = until.toISOString();
    for (const stock of stocks.values()) stock.drop((entry) => entries.includes(entry) && !kept.has(entry));
  }

  async function heal(): Promise<void> {
    for (const sender of await resumeHealed(db, clock())) log.info({ sender }, 'sender resumed');
  }

  async function attempt(work: () => Promise<void>): Promise<void> {
    await work().then(outage.succeeded, (error: unknown) => {
      outage.failed(error);
      alarm.clear(); // the store is away: the next poll is soon enough
    });
  }

  async function run(signal: AbortSignal): Promise<void> {
    const renewing = every(leaseMs / 3, clock);
    const healing = every(HEAL_EVERY_MS, clock);
    while (!signal.aborted || inHand().length > 0) {
      if (renewing.isDue()) await attempt(renew); // first of all: what is in hand is not to be lost over new work
      await attempt(async () => {
        await note(signal);
        await claim(signal);
      });
      if (healing.isDue()) await attempt(heal);
      await alarm.wait(Math.min(soonMs || pollMs, leaseMs / 3));
      soonMs = 0;
    }
    await attempt(() => note(signal)); // else their leases run out
  }

  async function start(): Promise<void> {
    if (stopping && !stopping.signal.aborted) return;
    stopping = new AbortController();
    setMaxListeners(0, stopping.signal); // one for each message in hand
    if (alone) await releaseAllLeases(db);
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

/** Tells, when asked, whether so much time has passed since it last said yes. */
function every(ms: number, clock: Clock) {
  let next = clock().getTime() + ms;
  return {
    isDue(): boolean {
      const now = clock().getTime();
      if (now < next) return false;
      next = now + ms;
      return true;
    },
  };
}
