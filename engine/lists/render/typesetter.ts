import { PassThrough } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { EngineError, messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { drained } from './text.ts';
import type { FromTypesetter, Pieces, ToTypesetter } from './typeset-messages.ts';
import type { Typeset } from './typesetting.ts';

/** Makes documents in a thread of its own: the caller's reads records and stores files meanwhile. */
export interface Typesetter {
  /** Throws worker_crashed when the thread ended. */
  readonly typeset: Typeset;
  /** Ends the thread; what is under way fails. */
  stop(): Promise<void>;
}

// little, so that what is done with is soon collected: a batch of records and what comes of it is all that it holds
const LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 };

type Answer = Extract<FromTypesetter, { kind: 'grown' }>;

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** One thread, which starts with the first document. */
export function createTypesetter(log: Logger): Typesetter {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let lost: EngineError | undefined;
  let last = 0;

  function thread(): Worker {
    const started = new Worker(new URL('./typeset-thread.js', import.meta.url), { resourceLimits: LIMITS });
    started.on('message', receive);
    started.on('error', lose);
    started.on('exit', (code) => lose(new Error(`the thread ended with code ${code}`)));
    return started;
  }

  function receive(message: FromTypesetter): void {
    const asked = waiting.get(message.job);
    waiting.delete(message.job);
    if (message.kind === 'grown') asked?.resolve(message);
    else asked?.reject(new EngineError(message.code, message.reason));
  }

  function lose(error: unknown): void {
    if (lost) return;
    lost = new EngineError('worker_crashed', 'the thread that makes lists ended', { reason: messageOf(error) }, error);
    if (waiting.size > 0) log.error({ reason: messageOf(error) }, 'the thread that makes lists ended');
    for (const { reject } of waiting.values()) reject(lost);
    waiting.clear();
  }

  function ask(message: ToTypesetter): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (lost) return reject(lost);
      waiting.set(message.job, { resolve, reject });
      worker?.postMessage(message);
    });
  }

  return {
    typeset(head, formats) {
      worker ??= thread();
      const job = ++last;
      worker.postMessage({ kind: 'begin', job, head, formats } satisfies ToTypesetter);
      const contents = formats.map(() => new PassThrough({ highWaterMark: 1 << 18 }));
      return {
        contents,
        async write(records) {
          await passOn((await ask({ kind: 'write', job, records })).pieces, contents);
        },
        async end() {
          const { pieces, totals } = await ask({ kind: 'end', job });
          await passOn(pieces, contents);
          for (const content of contents) content.end();
          if (!totals) throw new EngineError('worker_crashed', 'the thread that makes lists gave no totals');
          return totals;
        },
        abort(cause) {
          worker?.postMessage({ kind: 'drop', job } satisfies ToTypesetter);
          for (const content of contents) content.destroy(cause);
        },
      };
    },
    async stop() {
      const running = worker;
      lose(new Error('it was stopped'));
      await running?.terminate();
    },
  };
}

/** Resolves when there is room for more in all. */
async function passOn(pieces: Pieces, contents: readonly PassThrough[]): Promise<void> {
  for (const [index, content] of contents.entries()) {
    for (const piece of pieces[index] ?? []) content.write(piece);
  }
  await Promise.all(contents.map((content) => (content.writableNeedDrain ? drained(content) : undefined)));
}
