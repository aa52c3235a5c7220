import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import { within } from '../core/health.ts';
import type { Logger } from '../core/logger.ts';
import type { Outage } from '../core/outage.ts';
import { type Service, serialise } from '../core/service.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Db } from '../store/database.ts';
import { acquireLease, leaseOf, releaseLease, renewLease } from './lease.ts';

/** The time from getting the lease to losing it. */
export interface Term {
  readonly holder: string;
  /** Aborts when the term ends, whatever ends it. */
  readonly signal: AbortSignal;
  /** Throws once the term is over; right also in a process that was paused and has just woken up. */
  proceed(): void;
}

export interface LeadershipDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  /** Tells that the store is away, once. */
  readonly outage: Outage;
  /** The name of the lease. */
  readonly lease: string;
  /** Names this process and no other, ever. */
  readonly holder: string;
  /** A holder that died is replaced after this, in ms. */
  readonly leaseMs: number;
  /** The holder renews as often, in ms; a third of `leaseMs`. */
  readonly renewMs: number;
  /** The others look as often whether the lease is free, in ms. */
  readonly pollMs: number;
  /** True when there is no other process on this store: a lease that a crash left is then taken at once. */
  readonly alone: boolean;
  /** Begins to lead; what it starts ends with the term. */
  readonly lead: (term: Term) => void;
  /** Resolves when all that was begun in any term has ended; the lease is given back then, or after `drainMs`. */
  readonly drained: () => Promise<void>;
  readonly drainMs: number;
}

/** One of any number of processes leads at a time. */
export interface Leadership extends Service {
  /** Whether this one does; known without asking the store. */
  leads(): boolean;
}

interface RunningTerm extends Term {
  readonly controller: AbortController;
  until: Date;
  timer?: NodeJS.Timeout;
}

/**
 * Seeks the lease, and leads while it has it. The hosts' clocks must agree within a few seconds (as for every lease of
 * the engine); a process never thinks longer than the others that it leads, as its own time counts from before it asked.
 */
export function createLeadership(deps: LeadershipDeps): Leadership {
  const { db, clock, log, telemetry, outage, lease, holder, leaseMs, renewMs, pollMs } = deps;
  let term: RunningTerm | undefined;
  let stopping: AbortController | undefined;
  let loop = Promise.resolve();

  const leads = () => term !== undefined && clock() < term.until;

  function endTerm(reason: string): void {
    if (!term) return;
    clearTimeout(term.timer);
    term.controller.abort(new Error(reason));
    term = undefined;
  }

  function extend(running: RunningTerm, until: Date): void {
    running.until = until;
    clearTimeout(running.timer);
    running.timer = setTimeout(() => lose('it could not be renewed in time'), until.getTime() - clock().getTime());
  }

  function lose(reason: string): void {
    if (!term) return;
    log.warn({ lease, reason }, 'lease lost');
    endTerm(`lost the lease ${lease}: ${reason}`);
  }

  function begin(until: Date, from: string): void {
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const proceed = () => {
      if (term === running && !leads()) lose('it ran out, perhaps while this process was paused');
      controller.signal.throwIfAborted();
    };
    const running: RunningTerm = { holder, signal: controller.signal, proceed, controller, until };
    term = running;
    extend(running, until);
    if (from !== '') telemetry.count('bode_lease_takeovers_total', { lease });
    log.info({ lease, ...(from !== '' && { from }) }, 'lease taken');
    deps.lead(running);
  }

  async function seek(force: boolean): Promise<void> {
    const found = await leaseOf(db, lease);
    const now = clock();
    if (found && !force && found.until > now && found.holder !== holder) return;
    const until = new Date(now.getTime() + leaseMs);
    const taken = await acquireLease(db, { name: lease, holder, now, until, force });
    if (taken && !term && !stopping?.signal.aborted) begin(until, taken.from);
  }

  async function renew(running: RunningTerm): Promise<void> {
    const until = new Date(clock().getTime() + leaseMs);
    const mine = await renewLease(db, { name: lease, holder, until });
    if (term !== running) return;
    if (mine) extend(running, until);
    else lose('another process has it');
  }

  async function run(signal: AbortSignal): Promise<void> {
    let force = deps.alone;
    while (!signal.aborted) {
      if (term && !leads()) lose('it ran out, perhaps while this process was paused');
      try {
        await within(leaseMs, term ? renew(term) : seek(force));
        force = false;
        outage.succeeded();
        await (term ? pause(renewMs, term.signal) : pause(pollMs, signal));
      } catch (error) {
        outage.failed(error);
        await pause(pollMs, signal);
      }
    }
  }

  async function start(): Promise<void> {
    if (stopping) return;
    stopping = new AbortController();
    loop = run(stopping.signal);
  }

  async function stop(): Promise<void> {
    if (!stopping) return;
    stopping.abort();
    endTerm('the process stops');
    await within(deps.drainMs, deps.drained()).catch(() =>
      log.warn({ lease }, 'given back while work was still ending'),
    );
    await within(leaseMs, loop).catch((error: unknown) => outage.failed(error));
    await within(leaseMs, releaseLease(db, lease, holder, clock())).catch((error: unknown) => outage.failed(error));
    stopping = undefined;
  }

  const inTurn = serialise();
  return { name: `lease ${lease}`, leads, start: () => inTurn(start), stop: () => inTurn(stop) };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined); // cut short: it stops
}
