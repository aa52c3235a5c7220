import { Worker } from 'node:worker_threads';
import { EngineError, messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Parcel, ScanJob, ScanResult } from './scan-job.ts';
import type { FromScanner, ScannerSettings, ToScanner } from './thread-messages.ts';

/** The thread dies when it needs more objects than this, and not the process: what it keeps of a file is limited. */
const HEAP_MB = 256;

/** What a scan tells its owner. */
export interface ScanEvents {
  window(parcel: Parcel): void;
  done(result: ScanResult): void;
  failed(error: EngineError): void;
}

/** A scan under way. */
export interface ScanHandle {
  /** Gives a window's buffer back, which makes room for another window. */
  checked(buffer: ArrayBuffer): void;
  syntaxOnly(): void;
  stop(): void;
}

/** The thread that scans files, several by turns. */
export interface ScannerLink {
  start(scan: ScanJob, events: ScanEvents): ScanHandle;
  stop(): Promise<void>;
}

/** The thread starts with the first scan, and again after it died; then its scans fail with `worker_crashed`. */
export function createScannerLink(settings: ScannerSettings, log: Logger): ScannerLink {
  const running = new Map<number, ScanEvents>();
  let worker: Worker | undefined;
  let last = 0;

  function thread(): Worker {
    const started = new Worker(new URL('./scan-thread.js', import.meta.url), {
      workerData: settings,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    const lost = (error: unknown) => {
      if (worker === started) failAll(error);
    };
    started.on('message', receive);
    started.on('error', lost);
    started.on('exit', (code) => lost(new Error(`the thread ended with code ${code}`)));
    return started;
  }

  function receive(message: FromScanner): void {
    const events = running.get(message.job);
    if (message.kind === 'window') {
      if (events) events.window(message.parcel);
      return;
    }
    running.delete(message.job);
    if (message.kind === 'done') events?.done(message.result);
    else events?.failed(failureOf(message));
  }

  function failAll(error: unknown): void {
    worker = undefined;
    const events = [...running.values()];
    running.clear();
    log.error({ reason: messageOf(error), scans: events.length }, 'scanner thread failed');
    const failure = new EngineError('worker_crashed', 'the scanner thread failed', { reason: messageOf(error) }, error);
    for (const each of events) each.failed(failure);
  }

  return {
    start(scan, events) {
      worker ??= thread();
      const job = ++last;
      const to = worker;
      const post = (message: ToScanner, transfer: ArrayBuffer[] = []) => to.postMessage(message, transfer);
      running.set(job, events);
      post({ kind: 'start', job, scan });
      return {
        checked: (buffer) => post({ kind: 'checked', job, buffer }, [buffer]),
        syntaxOnly: () => post({ kind: 'syntax-only', job }),
        stop: () => post({ kind: 'stop', job }),
      };
    },
    async stop() {
      const ending = worker;
      worker = undefined;
      for (const events of running.values()) {
        events.failed(new EngineError('worker_crashed', 'the scanner was stopped'));
      }
      running.clear();
      await ending?.terminate();
    },
  };
}

function failureOf({ reason, code }: FromScanner & { kind: 'failed' }): EngineError {
  if (code === 'ENOENT') return new EngineError('blob_missing', 'the declaration file is not there', { code });
  return new EngineError('worker_crashed', 'a declaration file could not be scanned', { reason, code });
}
