import type { Message } from '../../schemas/messages.ts';
import type { Clock } from '../core/clock.ts';
import { dispositionOf, EngineError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Service } from '../core/service.ts';
import type { Db } from '../store/database.ts';
import { isNoSpace } from '../store/no-space.ts';
import { claimOnce, isClaimed } from '../store/once.ts';
import { inTransaction } from '../store/transaction.ts';
import type { Broker, Delivery, Settlement, Subscription } from './broker.ts';
import { type Pipeline, runStages, type Work } from './pipeline.ts';
import { factsOf, type RetryPolicy, settle } from './settle.ts';
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
}

/**
 * Creates the service that takes one queue's messages through a pipeline: first what is slow, then the claim and
 * every effect in one transaction, committed only when the verdict is `done`. Each message has its effect once,
 * however often it is delivered. `stop` finishes the work in hand.
 */
export function createWorker<M extends Message, W extends Work>(deps: WorkerDeps, pipeline: Pipeline<M, W>): Service {
  const { broker, clock, policy, prefetch } = deps;
  const { kind, queue } = pipeline;
  let subscription: Promise<Subscription> | undefined;

  const isOurs = (message: Message): message is M => message.kind === kind;

  async function handle(delivery: Delivery): Promise<Settlement> {
    const { message, attempt } = delivery;
    const log = deps.log.child(factsOf(delivery));
    if (!isOurs(message)) return { action: 'bury', reason: `${queue} takes ${kind}, not ${message.kind}` };
    const started = clock().getTime();
    const verdict = await verdictOn(message, { ...deps, log }, pipeline);
    if (verdict.kind === 'done') log.info({ ms: clock().getTime() - started }, 'message done');
    return settle(verdict, attempt, policy, Math.random());
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

const NO_SPACE_PAUSE_MS = 10_000;

/** Processes one message; what is thrown becomes a verdict here and nowhere else. */
async function verdictOn<M extends Message, W extends Work>(
  message: M,
  deps: WorkerDeps,
  pipeline: Pipeline<M, W>,
): Promise<Verdict> {
  const { log, signal } = deps;
  try {
    return await process(message, deps, pipeline);
  } catch (error) {
    if (signal.aborted) return later(0, 'interrupted while the engine stopped'); // costs no attempt
    log.warn({ ...faultOf(error) }, 'message failed');
    if (isNoSpace(error)) return later(NO_SPACE_PAUSE_MS, 'no space on the disk or in the database'); // costs no attempt
    return dispositionOf(error) === 'reject' ? reject(messageOf(error)) : retry(messageOf(error));
  }
}

async function process<M extends Message, W extends Work>(
  message: M,
  { db, clock, log, signal }: WorkerDeps,
  pipeline: Pipeline<M, W>,
): Promise<Verdict> {
  const { queue, stages } = pipeline;
  if (await isClaimed(db, queue, message.id)) return done; // redelivered: spare the slow part
  const first = await pipeline.prepare(message, { now: clock(), log, signal });
  if (first.kind !== 'work') return first;
  return inTransaction(
    db,
    async (tx) => {
      const now = clock();
      if (!(await claimOnce(tx, queue, message.id, now))) return done;
      return runStages(stages, first, { tx, now, log, signal });
    },
    (verdict) => verdict.kind === 'done',
  );
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
