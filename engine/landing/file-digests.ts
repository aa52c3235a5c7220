import { Worker } from 'node:worker_threads';
import { EngineError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { ContentDigest } from './content-digest.ts';
import type { FromDigester, ToDigester } from './digest-messages.ts';

/** The digests of one file that grows. The file stays open until `end` or `drop` has resolved. */
export interface FileDigest {
  /** The first `to` bytes are in the file. */
  reach(to: number): void;
  /** Bytes that were reached have changed. */
  changed(): void;
  /** The digests of the first `size` bytes, all of them in the file. Throws store_unavailable, worker_crashed. */
  end(size: number): Promise<ContentDigest>;
  /** Nobody wants to know. */
  drop(): Promise<void>;
}

/** Hashes files while they are written, off the main thread: a transfer and all that goes on beside it are faster. */
export interface FileDigests {
  /** Follows an open file; up to `textLimit` bytes every digest, then SHA-256 alone. */
  follow(fd: number, textLimit: number): FileDigest;
}

interface Waiting {
  resolve(message: FromDigester | undefined): void;
}

/** One thread, which starts with the first file, and again after it died; it does not keep the process alive. */
export function createFileDigests(log: Logger): FileDigests {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let last = 0;

  function thread(): Worker {
    const started = new Worker(new URL('./digest-thread.js', import.meta.url));
    const lost = (error: unknown) => {
      if (worker === started) failAll(error);
    };
    started.on('message', receive);
    started.on('error', lost);
    started.on('exit', (code) => lost(new Error(`the thread ended with code ${code}`)));
    return started;
  }

  function receive(message: FromDigester): void {
    const asked = waiting.get(message.job);
    waiting.delete(message.job);
    if (waiting.size === 0) worker?.unref();
    asked?.resolve(message);
  }

  function failAll(error: unknown): void {
    worker = undefined;
    log.error({ reason: messageOf(error) }, 'the thread that hashes uploads failed');
    for (const { resolve } of waiting.values()) resolve(undefined);
    waiting.clear();
  }

  return {
    follow(fd, textLimit) {
      worker ??= thread();
      const mine = worker;
      const job = ++last;
      const post = (message: ToDigester) => mine.postMessage(message);
      if (waiting.size === 0) mine.unref();
      post({ kind: 'begin', job, fd, textLimit });

      function ask(message: ToDigester): Promise<FromDigester | undefined> {
        if (worker !== mine) return Promise.resolve(undefined);
        return new Promise((resolve) => {
          waiting.set(job, { resolve });
          mine.ref();
          post(message);
        });
      }

      return {
        reach: (to) => post({ kind: 'reach', job, to }),
        changed: () => post({ kind: 'changed', job }),
        end: async (size) => digestIn(await ask({ kind: 'end', job, size })),
        drop: async () => void (await ask({ kind: 'drop', job })),
      };
    },
  };
}

function digestIn(said: FromDigester | undefined): ContentDigest {
  if (said?.kind === 'digest') return said.digest;
  if (said?.kind === 'failed') throw new EngineError('store_unavailable', said.reason);
  throw new EngineError('worker_crashed', 'the thread that hashes uploads failed');
}
