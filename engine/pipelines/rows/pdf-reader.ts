import { type ExecFileException, execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { FormFields } from './pdf-fields.ts';

const AT_ONCE = 2; // one that takes its time does not hold up all others
const TIMEOUT_MS = 20_000; // a form of 2,000 rows takes a second
const HEAP_MB = 192; // and a third of it
const MOST_BUFFER_BYTES = 128 * 1024 * 1024; // and a tenth, when it is packed
const MOST_ANSWER_BYTES = 32 * 1024 * 1024;
const NEEDS_TOO_MUCH = 3;
const OUT_OF_MEMORY = ['SIGABRT', 'SIGTRAP', 'SIGILL', 'SIGSEGV']; // how V8 ends, or its stack

/** The system ends the process when the engine is not there any more to do it; a crash leaves no image of its memory. */
const LIMITED = 'ulimit -c 0; ulimit -t 300; exec "$@"';

/** Reads the form in a PDF. Rejects with `worker_crashed` over what is not the fault of the PDF, or with the signal's reason. */
export type ReadPdf = (bytes: Uint8Array, signal: AbortSignal) => Promise<FormFields>;

/** Reads PDFs. */
export interface PdfReader {
  readonly read: ReadPdf;
  /** Ends what is being read: it rejects with `worker_crashed`. */
  stop(): Promise<void>;
}

/**
 * Reads each PDF, whoever made it, in a process of its own, which starts and ends with it. A PDF that takes more time or
 * memory than any form of ours is unreadable: it cannot harm the engine, nor hold it up.
 */
export function createPdfReader(log: Logger, timeoutMs = TIMEOUT_MS): PdfReader {
  const stopping = new AbortController();
  const underWay = new Set<Promise<FormFields>>();
  const waiting: (() => void)[] = [];

  async function inTurn(bytes: Uint8Array, signal: AbortSignal): Promise<FormFields> {
    if (underWay.size >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    signal.throwIfAborted();
    const answer = await readApart(bytes, signal, timeoutMs);
    if (GIVEN_UP.includes(answer)) log.warn({ bytes: bytes.length, ...answer }, 'a PDF was given up');
    return answer;
  }

  return {
    async read(bytes, signal) {
      const reading = inTurn(bytes, AbortSignal.any([signal, stopping.signal]));
      underWay.add(reading);
      return reading.finally(() => {
        underWay.delete(reading);
        waiting.shift()?.();
      });
    },
    async stop() {
      stopping.abort(new EngineError('worker_crashed', 'the reader of PDFs was stopped'));
      await Promise.allSettled(underWay);
    },
  };
}

const unlike = (what: string): FormFields => ({
  kind: 'unreadable',
  reason: `The PDF takes too much ${what} to be read: it is not the list as it was sent`,
});
const TOO_LONG = unlike('time');
const TOO_LARGE = unlike('memory');
const GIVEN_UP = [TOO_LONG, TOO_LARGE];

function readApart(bytes: Uint8Array, signal: AbortSignal, timeout: number): Promise<FormFields> {
  const program = fileURLToPath(new URL('./pdf-process.js', import.meta.url));
  const node = [process.execPath, `--max-old-space-size=${HEAP_MB}`, program];
  const args = ['-c', LIMITED, 'sh', ...node, String(MOST_BUFFER_BYTES), String(NEEDS_TOO_MUCH)];
  const options = { env: {}, timeout, killSignal: 'SIGKILL', maxBuffer: MOST_ANSWER_BYTES, signal } as const;
  return new Promise((resolve, reject) => {
    const child = execFile('/bin/sh', args, options, (error, said) => {
      const answer = error ? answerTo(error) : (JSON.parse(said) as FormFields);
      if (signal.aborted) reject(signal.reason);
      else if (answer) resolve(answer);
      else reject(new EngineError('worker_crashed', 'the process that reads a PDF failed', {}, error));
    });
    child.stdin?.on('error', () => undefined); // it may end before it has read all: its end says why
    child.stdin?.end(bytes);
  });
}

/** What its end says of the PDF; nothing when somebody else ended it. */
function answerTo({ killed, code, signal }: ExecFileException): FormFields | undefined {
  if (killed && signal === 'SIGKILL') return TOO_LONG;
  const isTooLarge = code === NEEDS_TOO_MUCH || code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';
  return isTooLarge || OUT_OF_MEMORY.includes(String(signal)) ? TOO_LARGE : undefined;
}
