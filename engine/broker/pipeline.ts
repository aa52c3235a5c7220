import type { Message, MessageKind, QueueName } from '../../schemas/messages.ts';
import type { Logger } from '../core/logger.ts';
import type { Db } from '../store/database.ts';
import { done, type Verdict } from './verdict.ts';

/** What travels down a pipeline. Stages return a changed copy; nothing is mutated. */
export interface Work {
  readonly kind: 'work';
}

export interface PrepareContext {
  readonly now: Date;
  readonly log: Logger;
  /** Aborted when the engine is out of patience while stopping. */
  readonly signal: AbortSignal;
}

export interface StageContext extends PrepareContext {
  /** The transaction that the whole pipeline commits in; never the connection. */
  readonly tx: Db;
}

/** One step. Returns the work for the next stage, or a verdict to leave the pipeline here. */
export type Stage<W extends Work> = (work: W, context: StageContext) => Promise<W | Verdict>;

/** What is done with each message of one kind: slow reading first, then every effect in one transaction. */
export interface Pipeline<M extends Message, W extends Work> {
  readonly kind: M['kind'] & MessageKind;
  readonly queue: QueueName;
  /** Slow or heavy work that needs no transaction (hashing, validation). Has no effect, may run again. */
  prepare(message: M, context: PrepareContext): Promise<W | Verdict>;
  readonly stages: readonly Stage<W>[];
}

/** Runs the stages in order; the first verdict wins, and running out of stages is success. */
export async function runStages<W extends Work>(
  stages: readonly Stage<W>[],
  first: W,
  context: StageContext,
): Promise<Verdict> {
  let work = first;
  for (const stage of stages) {
    context.signal.throwIfAborted();
    const result = await stage(work, context);
    if (result.kind !== 'work') return result;
    work = result;
  }
  return done;
}
