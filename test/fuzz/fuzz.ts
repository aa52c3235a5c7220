import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { inputOf } from './inputs.ts';
import type { FuzzTargets } from './target.ts';
import type { Assignment, Outcome } from './worker.ts';

export interface FuzzOptions {
  /** The module that exports `TARGETS`. */
  readonly module: URL;
  readonly name: string;
  readonly seed: number;
  readonly seconds: number;
  /** How long one input may take, in ms. */
  readonly patienceMs?: number;
  /** By how much memory may grow, in bytes. */
  readonly growth?: number;
  /** Reads this one input instead of many. */
  readonly input?: Buffer;
}

/** What came of it; a finding has the input that shows it. */
export type Result =
  | { readonly kind: 'clean'; readonly inputs: number; readonly grown: number }
  | { readonly kind: 'found'; readonly why: string; readonly turn: number; readonly input: Buffer };

const PATIENCE_MS = 5_000;
const GROWTH = 24 * 2 ** 20;
const SETUP_MS = 30_000;
const LOOK_MS = 200;

/**
 * Reads damaged inputs in a thread of its own for a time: nothing may crash it, nothing may keep it longer than the
 * patience, and its memory may not grow.
 */
export async function fuzz(options: FuzzOptions): Promise<Result> {
  const { growth = GROWTH } = options;
  const turn = new SharedArrayBuffer(4);
  Atomics.store(new Int32Array(turn), 0, -1);
  const outcome = await outcomeOf(options, turn);
  const last = Math.max(0, Atomics.load(new Int32Array(turn), 0));
  if (outcome.kind === 'failed') return found(options, outcome.why, outcome.turn);
  if (outcome.grown > growth) return found(options, `memory grew by ${outcome.grown} bytes`, last);
  return { kind: 'clean', inputs: outcome.inputs, grown: outcome.grown };
}

async function found({ module, name, seed, input }: FuzzOptions, why: string, turn: number): Promise<Result> {
  const target = ((await import(module.href)).TARGETS as FuzzTargets)[name];
  const made = target && inputOf(target, await target.samples(), seed, turn);
  return { kind: 'found', why, turn, input: input ?? made ?? Buffer.alloc(0) };
}

async function outcomeOf(options: FuzzOptions, turn: SharedArrayBuffer): Promise<Outcome> {
  const { module, name, seed, seconds, input, patienceMs = PATIENCE_MS } = options;
  const workerData: Assignment = {
    module: module.href,
    name,
    seed,
    ms: seconds * 1_000,
    turn,
    ...(input && { input }),
  };
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData });
  const watch = watchTurn(turn, patienceMs);
  const last = () => Math.max(0, Atomics.load(new Int32Array(turn), 0));
  try {
    return await Promise.race([
      once(worker, 'message').then(([outcome]) => outcome as Outcome),
      once(worker, 'exit').then(() => ({ kind: 'failed' as const, turn: last(), why: 'it never came to an end' })),
      watch.hung.then(() => ({ kind: 'failed' as const, turn: last(), why: `it took longer than ${patienceMs} ms` })),
    ]);
  } catch (error) {
    return { kind: 'failed', turn: last(), why: `uncaught: ${error instanceof Error ? error.stack : String(error)}` };
  } finally {
    watch.stop();
    await worker.terminate();
  }
}

/** Resolves when the same turn is in hand for too long; the way to the first one may take longer. */
function watchTurn(shared: SharedArrayBuffer, patienceMs: number): { hung: Promise<void>; stop(): void } {
  const now = new Int32Array(shared);
  let seen = -1;
  let since = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const hung = new Promise<void>((resolve) => {
    timer = setInterval(() => {
      const turn = Atomics.load(now, 0);
      if (turn !== seen) since = performance.now();
      seen = turn;
      if (performance.now() - since > (turn === -1 ? SETUP_MS : patienceMs)) resolve();
    }, LOOK_MS);
  });
  return { hung, stop: () => clearInterval(timer) };
}
