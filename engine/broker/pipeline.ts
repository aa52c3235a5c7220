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
  readonly stages: Stages<W>;
  /** The same work in several messages, where one stands for several: after a failure each is done on its own. */
  readonly apart?: (message: M) => readonly M[];
}

/** Stages by their names, in the order in which they run. */
export type Stages<W extends Work> = Readonly<Record<string, Stage<W>>>;

/** Notes how long a step took, in ms. */
export type Timed = <T>(step: string, work: () => Promise<T>) => Promise<T>;

const untimed: Timed = (_, work) => work();

/** Runs the stages in order; the first verdict wins, and running out of stages is success. */
export async function runStages<W extends Work>(
  stages: Stages<W>,
  first: W,
  context: StageContext,
  timed: Timed = untimed,
): Promise<Verdict> {
  let work = first;
  for (const [name, stage] of Object.entries(stages)) {
    context.signal.throwIfAborted();
    const result = await timed(name, () => stage(work, context));
    if (result.kind !== 'work') return result;
    work = result;
  }
  return done;
}
