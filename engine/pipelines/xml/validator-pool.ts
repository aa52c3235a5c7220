import { Worker } from 'node:worker_threads';
import { EngineError, messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { createFairQueue } from './fair-queue.ts';
import type { Parcel } from './scan-job.ts';
import type { FromValidator, ToValidator } from './thread-messages.ts';

/** A window takes milliseconds; a thread that needs longer than this is taken for hung. */
const WINDOW_TIMEOUT_MS = 60_000;
/** The parser's memory never shrinks: a thread that holds more is replaced before its next window. */
const WORN_BYTES = 96 * 1024 * 1024;
/** A thread that needs more objects than this dies, and not the process; a window takes about a tenth. */
const HEAP_MB = 192;

/** Checks windows in threads; the windows of one owner in the order they come, owners by turns. */
export interface ValidatorPool {
  /** Starts the threads that are not running yet, so that they are ready when the first window comes. */
  warm(): void;
  /**
   * Rejects with `worker_crashed` when the thread died over it or took too long; the thread is replaced. The owner is
   * the file that the window belongs to.
   */
  check(parcel: Parcel, signal: AbortSignal, owner: object): Promise<FromValidator>;
  stop(): Promise<void>;
}

interface Task {
  readonly parcel: Parcel;
  readonly signal: AbortSignal;
  readonly resolve: (answer: FromValidator) => void;
  readonly reject: (error: unknown) => void;
}

interface Seat {
  worker: Worker | undefined;
  task: Task | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** `size` threads, started when they are first needed. */
export function createValidatorPool(size: number, log: Logger): ValidatorPool {
  const seats: Seat[] = Array.from({ length: size }, () => ({ worker: undefined, task: undefined, timer: undefined }));
  const queue = createFairQueue<Task>();

  function dispatch(): void {
    const seat = seats.find(({ task }) => task === undefined);
    const task = seat && queue.shift();
    if (!seat || !task) return;
    if (task.signal.aborted) {
      task.reject(task.signal.reason);
      dispatch();
      return;
    }
    seat.task = task;
    seat.worker ??= start(seat);
    seat.timer = setTimeout(() => fail(seat, new Error('a window took too long')), WINDOW_TIMEOUT_MS);
    const message: ToValidator = { parcel: task.parcel };
    seat.worker.postMessage(message, [task.parcel.buffer]);
    dispatch();
  }

  function start(seat: Seat): Worker {
    const worker = new Worker(new URL('./validate-thread.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    const failed = (error: unknown) => {
      if (seat.worker === worker) fail(seat, error);
    };
    worker.on('message', (answer: FromValidator) => {
      const task = release(seat);
      if (answer.memory > WORN_BYTES) retire(seat);
      task?.resolve(answer);
      dispatch();
    });
    worker.on('error', failed);
    worker.on('exit', (code) => failed(new Error(`the thread ended with code ${code}`)));
    return worker;
  }

  function release(seat: Seat): Task | undefined {
    const { task } = seat;
    clearTimeout(seat.timer);
    seat.task = undefined;
    return task;
  }

  function retire(seat: Seat): void {
    const { worker } = seat;
    seat.worker = undefined;
    worker?.terminate().catch((err: unknown) => log.warn({ err }, 'validator thread did not end'));
  }

  function fail(seat: Seat, error: unknown): void {
    retire(seat);
    const task = release(seat);
    if (task) {
      log.error({ reason: messageOf(error) }, 'validator thread failed');
      task.reject(new EngineError('worker_crashed', 'a validator thread failed', { reason: messageOf(error) }, error));
    }
    dispatch();
  }

  return {
    warm() {
      for (const seat of seats) seat.worker ??= start(seat);
    },
    check: (parcel, signal, owner) =>
      new Promise((resolve, reject) => {
        queue.push(owner, { parcel, signal, resolve, reject });
        dispatch();
      }),
    async stop() {
      const stopped = new EngineError('worker_crashed', 'the validators were stopped');
      for (const task of queue.clear()) task.reject(stopped);
      const workers = seats.map((seat) => {
        const { worker } = seat;
        seat.worker = undefined;
        release(seat)?.reject(stopped);
        return worker?.terminate();
      });
      await Promise.all(workers);
    },
  };
}
