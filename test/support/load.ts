import { setTimeout as delay } from 'node:timers/promises';
import type { TestClient } from './sender.ts';
import { type PreparedSet, prepareSet } from './sets.ts';
import { type Login, sftp } from './sftp-client.ts';

/** A sender at work: where its files are, and how it logs in. */
export interface Worker {
  readonly client: TestClient;
  /** Asked before every try, so that a sender may go to another channel when one is gone. */
  readonly login: () => Login;
  /** Told of each try that failed. */
  readonly failed?: () => void;
}

/** One try to send a set. */
export interface Attempt {
  readonly go: string;
  readonly startedAt: number;
  readonly ms: number;
  /** All that the client program complained of; absent when GO was acknowledged. */
  readonly failure?: string;
}

/** Senders at work. */
export interface Load {
  /** Every try so far. */
  readonly attempts: readonly Attempt[];
  /** The sets whose GO was acknowledged. */
  readonly acknowledged: readonly PreparedSet[];
  /** Begins no other set; resolves when those begun are acknowledged, however often they must be sent for that. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  /** First of five characters of the sequence numbers; another for each load on the same sender. */
  readonly series: string;
  readonly sender?: string;
  /** In each declaration; 1 by default. */
  readonly persons?: number;
  /** Between an acknowledged set and the next, in ms; none by default. */
  readonly restMs?: number;
  /** Aborted when nobody waits for it any more: then also what is not acknowledged is given up. */
  readonly signal?: AbortSignal;
}

const AGAIN_AFTER_MS = 250;

/** Has each worker send one set after the other, each again and again until it is acknowledged. */
export function startLoad(
  workers: readonly Worker[],
  { series, sender = '123456', persons = 1, restMs = 0, signal }: LoadOptions,
): Load {
  const attempts: Attempt[] = [];
  const acknowledged: PreparedSet[] = [];
  let sequence = 0;
  let stopping = false;

  async function attempt({ login, failed }: Worker, { go, batch }: PreparedSet): Promise<boolean> {
    const startedAt = Date.now();
    const { code, stderr } = await sftp(login(), [batch]);
    const failure = code === 0 ? undefined : stderr.trim();
    attempts.push({ go, startedAt, ms: Date.now() - startedAt, ...(failure !== undefined && { failure }) });
    if (failure !== undefined) failed?.();
    return failure === undefined;
  }

  async function work(worker: Worker): Promise<void> {
    while (!stopping && !signal?.aborted) {
      sequence += 1;
      const options = { sender, persons, sequence: `${series}${String(sequence).padStart(4, '0')}` };
      const set = await prepareSet(worker.client, options);
      while (!(await attempt(worker, set))) {
        if (signal?.aborted) return;
        await delay(AGAIN_AFTER_MS);
      }
      acknowledged.push(set);
      if (restMs > 0) await delay(restMs);
    }
  }

  const working = Promise.all(workers.map(work));
  return {
    attempts,
    acknowledged,
    async stop() {
      stopping = true;
      await working;
    },
  };
}
