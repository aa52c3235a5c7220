import type { Message } from '../../schemas/messages.ts';
import type { Clock } from '../core/clock.ts';
import { dispositionOf, EngineError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Service } from '../core/service.ts';
import { noTelemetry, type Telemetry } from '../core/telemetry.ts';
import type { Db } from '../store/database.ts';
import { isNoSpace } from '../store/no-space.ts';
import { claimOnce, isClaimed } from '../store/once.ts';
import { isStoreAway } from '../store/store-away.ts';
import { inTransaction } from '../store/transaction.ts';
import type { Broker, Delivery, Settlement, Subscription } from './broker.ts';
import { forget } from './outbox.ts';
import { type Pipeline, runStages, type Timed, type Work } from './pipeline.ts';
import { factsOf, type RetryPolicy, settle } from './settle.ts';
import { createSuspects, type Suspects } from './suspects.ts';
import { takeApart } from './take-apart.ts';
import { createTimeLimit } from './time-limit.ts';
import { done, later, reject, retry, type Verdict } from './verdict.ts';

export interface WorkerDeps {
  readonly broker: Broker;
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly policy: RetryPolicy;
  /** Messages in hand at once. */
  readonly prefetch: number;
  /** Aborted when the engine is out of patience while stopping: work in hand gives up and costs no attempt. */
  readonly signal: AbortSignal;
  readonly telemetry?: Telemetry;
  /** Those of this process, shared by all its workers. Default: this worker's own. */
  readonly suspects?: Suspects;
  /**
   * How long one message may take, in ms; then its signal aborts, its place is free and the attempt has failed. Less
   * than RabbitMQ waits for an acknowledgement (30 minutes). Default 20 minutes.
   */
  readonly maxMs?: number;
}

const MAX_MS = 20 * 60_000;

/**
 * Creates the service that takes one queue's messages through a pipeline: first what is slow, then the claim and
 * every effect in one transaction, committed only when the verdict is `done`. Each message has its effect once,
 * however often it is delivered. One that was in hand before without being settled takes its turn among the suspects;
 * one that stands for several is taken apart when it fails, so that a bad form takes no good one with it.
 * `stop` finishes the work in hand.
 */
export function createWorker<M extends Message, W extends Work>(deps: WorkerDeps, pipeline: Pipeline<M, W>): Service {
  const { broker, policy, prefetch, signal, telemetry = noTelemetry } = deps;
  const { kind, queue } = pipeline;
  const suspects = deps.suspects ?? createSuspects(deps);
  const withinLimit = createTimeLimit(signal, deps.maxMs ?? MAX_MS);
  const note: Note = (stage, ms) => telemetry.time('bode_stage_seconds', { queue, stage }, ms);
  let subscription: Promise<Subscription> | undefined;

  const isOurs = (message: Message): message is M => message.kind === kind;
  const notOurs = (message: Message): Settlement => {
    return { action: 'bury', code: 'message_malformed', reason: `${queue} takes ${kind}, not ${message.kind}` };
  };

  async function handle(delivery: Delivery): Promise<Settlement> {
    const { message, redeliveries } = delivery;
    if (!isOurs(message)) return notOurs(message);
    if (redeliveries === 0) return handleOne(delivery, message);
    telemetry.count('bode_redeliveries_total', { queue });
    if (partsOf(message).length > 1) return handleApart(delivery, message); // the one that killed a worker comes alone
    return suspects.inTurn(delivery, () => handleOne(delivery, message));
  }

  async function handleOne(delivery: Delivery, message: M): Promise<Settlement> {
    const log = deps.log.child(factsOf(delivery));
    const started = performance.now();
    const verdict = await verdictOn(deps, log, () =>
      withinLimit((own) => process(delivery, message, { ...deps, log, note, signal: own }, pipeline)),
    );
    if (isFailure(verdict) && partsOf(message).length > 1) return handleApart(delivery, message);
    const ms = Math.round(performance.now() - started);
    telemetry.time('bode_message_seconds', { queue }, ms);
    if (verdict.kind === 'done') log.info({ ms }, 'message done');
    return settle(verdict, delivery.attempt, policy, Math.random());
  }

  const partsOf = (message: M) => pipeline.apart?.(message) ?? [];

  async function handleApart(delivery: Delivery, message: M): Promise<Settlement> {
    const log = deps.log.child(factsOf(delivery));
    const parts = partsOf(message);
    const verdict = await verdictOn(deps, log, async () => {
      await inTransaction(deps.db, (tx) => takeApart(tx, message, parts, deps.clock()));
      log.info({ parts: parts.length }, 'message taken apart');
      return done;
    });
    return settle(verdict, delivery.attempt, policy, Math.random());
  }

  return {
    name: `worker ${queue}`,
    async start() {
      subscription ??= broker.consume(queue, handle, { prefetch }).catch((error: unknown) => {
        subscription = undefined; // so that it can be started again
        throw error;
      });
      await subscription;
    },
    async stop() {
      const stopped = subscription;
      subscription = undefined;
      await (await stopped)?.stop();
    },
  };
}

const isFailure = ({ kind }: Verdict) => kind === 'retry' || kind === 'reject';

const NO_SPACE_PAUSE_MS = 10_000;
const STORE_AWAY_PAUSE_MS = 1_000;

/** Does the work; what is thrown becomes a verdict here and nowhere else. What nobody can help costs no attempt. */
async function verdictOn({ signal }: WorkerDeps, log: Logger, work: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) return later(0, 'interrupted while the engine stopped');
    log.warn({ ...faultOf(error) }, 'message failed');
    if (isNoSpace(error)) return later(NO_SPACE_PAUSE_MS, 'no space on the disk or in the database');
    if (isStoreAway(error)) return later(STORE_AWAY_PAUSE_MS, 'the database was away');
    const code = error instanceof EngineError ? error.code : undefined;
    return dispositionOf(error) === 'reject' ? reject(messageOf(error), code) : retry(messageOf(error), code);
  }
}

/** Notes how long a step took, in ms. */
type Note = (step: string, ms: number) => void;

interface ProcessDeps extends WorkerDeps {
  readonly note: Note;
}

async function process<M extends Message, W extends Work>(
  { redeliveries }: Delivery,
  message: M,
  { db, clock, log, signal, note }: ProcessDeps,
  pipeline: Pipeline<M, W>,
): Promise<Verdict> {
  const { queue, stages } = pipeline;
  const timed = timing(note);
  if (redeliveries > 0 && (await isClaimed(db, queue, message.id))) {
    await forget(db, queue, message.id); // a row that was added anew asks for what has been done
    return done; // redelivered: spare the slow part
  }
  const first = await timed('prepare', () => pipeline.prepare(message, { now: clock(), log, signal }));
  if (first.kind !== 'work' && first.kind !== 'done') return first;
  signal.throwIfAborted(); // out of time: the message may be in another hand already
  let asked = 0;
  const verdict = await inTransaction(
    db,
    async (tx) => {
      const now = clock();
      const isNew = await timed('claim', () => claimOnce(tx, queue, message.id, now));
      await timed('forget', () => forget(tx, queue, message.id)); // also a row that was added anew, of what has been done
      if (!isNew || first.kind === 'done') return done;
      return runStages(stages, first, { tx, now, log, signal }, timed);
    },
    ({ kind }) => {
      asked = performance.now();
      return kind === 'done';
    },
  );
  note('commit', performance.now() - asked);
  return verdict;
}

/** Notes each step, also one that failed. */
function timing(note: Note): Timed {
  return async (step, work) => {
    const from = performance.now();
    try {
      return await work();
    } finally {
      note(step, performance.now() - from);
    }
  };
}

function faultOf(error: unknown): Record<string, unknown> {
  if (error instanceof EngineError) return { reason: error.message, code: error.code, ...error.facts };
  return { reason: messageOf(error), at: placeOf(error) };
}

/** Where an unknown error was thrown: the first line of its stack that names a place. */
function placeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return error.stack
    ?.split('\n')
    .find((line) => line.trimStart().startsWith('at '))
    ?.trim();
}
