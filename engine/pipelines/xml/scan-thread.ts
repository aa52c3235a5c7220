import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { scanFile } from './scan-file.ts';
import type { ScanPort } from './scan-job.ts';
import { createSchemaCache } from './schema-cache.ts';
import { readOutline } from './schema-outline.ts';
import type { FromScanner, ScannerSettings, ToScanner } from './thread-messages.ts';

/** Entry of the thread that scans files, several by turns: each goes on with the others after every window. */

interface Job {
  underWay: number;
  stopped: boolean;
  syntaxOnly: boolean;
  readonly spare: ArrayBuffer[];
  wake: () => void;
}

function serve(port: NonNullable<typeof parentPort>, { windowsAhead }: ScannerSettings): void {
  const jobs = new Map<number, Job>();
  const outlines = createSchemaCache(
    (text) => readOutline(text.toString('utf8')),
    () => undefined,
  );
  const post = (message: FromScanner, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

  function portOf(id: number, job: Job): ScanPort {
    return {
      stopped: () => job.stopped,
      syntaxOnly: () => job.syntaxOnly,
      async send(parcel) {
        job.underWay++;
        post({ kind: 'window', job: id, parcel }, [parcel.buffer]);
        // validators may be as quick as the scan: without this the file that came first would be scanned to its end
        if (jobs.size > 1) await nextTurn();
        while (job.underWay >= windowsAhead && !job.stopped) {
          await new Promise<void>((resolve) => {
            job.wake = resolve;
          });
        }
        return job.spare.pop();
      },
    };
  }

  async function start(id: number, message: ToScanner & { kind: 'start' }): Promise<void> {
    const job: Job = { underWay: 0, stopped: false, syntaxOnly: false, spare: [], wake: () => undefined };
    jobs.set(id, job);
    try {
      post({ kind: 'done', job: id, result: await scanFile(message.scan, portOf(id, job), outlines) });
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
      post({ kind: 'failed', job: id, reason: error instanceof Error ? error.message : String(error), code });
    } finally {
      jobs.delete(id);
    }
  }

  port.on('message', (message: ToScanner) => {
    if (message.kind === 'start') return void start(message.job, message);
    const job = jobs.get(message.job);
    if (!job) return;
    if (message.kind === 'checked') {
      job.underWay--;
      job.spare.push(message.buffer);
    } else if (message.kind === 'syntax-only') job.syntaxOnly = true;
    else job.stopped = true;
    job.wake();
  });
}

if (parentPort) serve(parentPort, workerData as ScannerSettings);
