import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { bytesInUse } from './heap.ts';
import { inputOf } from './inputs.ts';
import type { FuzzTarget, FuzzTargets, OpenTarget } from './target.ts';

/** What a thread is told. */
export interface Assignment {
  /** The module that exports `TARGETS`. */
  readonly module: string;
  readonly name: string;
  readonly seed: number;
  readonly ms: number;
  /** The turn in hand: whoever watches sees whether it changes. */
  readonly turn: SharedArrayBuffer;
  /** One input to read instead of many. */
  readonly input?: Uint8Array;
}

/** How a thread ended. */
export type Outcome =
  | { readonly kind: 'done'; readonly inputs: number; readonly grown: number }
  | { readonly kind: 'failed'; readonly turn: number; readonly why: string };

const WARM_UP = 0.2; // of the time: caches fill before memory is compared

async function work({ module, name, seed, ms, turn, input }: Assignment): Promise<Outcome> {
  const target = ((await import(module)).TARGETS as FuzzTargets)[name];
  if (!target) throw new Error(`no target ${name}`);
  const open = await target.open();
  const now = new Int32Array(turn);
  if (input) return once(open, Buffer.from(input));
  const outcome = await many({ target, open, seed, ms, now });
  await open.close();
  return outcome;
}

async function once(open: OpenTarget, input: Buffer): Promise<Outcome> {
  const why = await faultOf(open, input);
  return why === undefined ? { kind: 'done', inputs: 1, grown: 0 } : { kind: 'failed', turn: 0, why };
}

interface Round {
  readonly target: FuzzTarget;
  readonly open: OpenTarget;
  readonly seed: number;
  readonly ms: number;
  readonly now: Int32Array;
}

async function many({ target, open, seed, ms, now }: Round): Promise<Outcome> {
  const samples = await target.samples();
  const started = performance.now();
  let before: number | undefined;
  let turn = 0;
  for (; performance.now() - started < ms; turn += 1) {
    if (before === undefined && performance.now() - started > ms * WARM_UP) before = bytesInUse();
    Atomics.store(now, 0, turn);
    const why = await faultOf(open, inputOf(target, samples, seed, turn));
    if (why !== undefined) return { kind: 'failed', turn, why };
    if (turn % 100 === 0) await nextTurn(); // what was only put off is done
  }
  return { kind: 'done', inputs: turn, grown: (await bytesThatStay()) - (before ?? 0) };
}

const LOOKS = 10;

/** What is in use when all that was only put off is done: what is let go in a later turn has not grown. */
async function bytesThatStay(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < LOOKS; look += 1) {
    await nextTurn();
    least = Math.min(least, bytesInUse());
  }
  return least;
}

async function faultOf(open: OpenTarget, input: Buffer): Promise<string | undefined> {
  try {
    await open.run(input);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

parentPort?.postMessage(await work(workerData as Assignment));
