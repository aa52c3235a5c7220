import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { type ContentDigest, createDigestStream, type DigestStream } from './content-digest.ts';
import type { FromDigester, ToDigester } from './digest-messages.ts';

/** Entry of the thread that hashes the files of uploads while they grow: it reads what the writer has just written. */

const READ_BYTES = 2 ** 20;

interface Job {
  readonly fd: number;
  readonly textLimit: number;
  stream: DigestStream;
  at: number;
  failure: string | undefined;
}

const shared = Buffer.allocUnsafeSlow(READ_BYTES);

/** Stops where the file ends: it may have become shorter since this was asked. */
function hashTo(job: Job, to: number): void {
  while (job.at < to) {
    const read = readSync(job.fd, shared, 0, Math.min(READ_BYTES, to - job.at), job.at);
    if (read === 0) return;
    job.stream.update(shared.subarray(0, read));
    job.at += read;
  }
}

function startAnew(job: Job): void {
  job.stream = createDigestStream(job.textLimit);
  job.at = 0;
  job.failure = undefined;
}

function endOf(job: Job, size: number): ContentDigest {
  if (job.failure !== undefined) throw new Error(job.failure);
  if (job.at > size) startAnew(job);
  hashTo(job, size);
  if (job.at < size) throw new Error('the uploaded file became shorter on disk');
  return job.stream.end();
}

function serve(port: NonNullable<typeof parentPort>): void {
  const jobs = new Map<number, Job>();

  function take(message: ToDigester, job: Job): FromDigester | undefined {
    if (message.kind === 'reach') return void hashTo(job, message.to);
    if (message.kind === 'changed') return void startAnew(job);
    jobs.delete(message.job);
    if (message.kind === 'end') return { kind: 'digest', job: message.job, digest: endOf(job, message.size) };
    return { kind: 'dropped', job: message.job };
  }

  function answer(message: ToDigester, job: Job): FromDigester | undefined {
    try {
      return take(message, job);
    } catch (error) {
      job.failure = error instanceof Error ? error.message : String(error);
      return message.kind === 'end' ? { kind: 'failed', job: message.job, reason: job.failure } : undefined;
    }
  }

  port.on('message', (message: ToDigester) => {
    if (message.kind === 'begin') {
      const { fd, textLimit } = message;
      jobs.set(message.job, { fd, textLimit, stream: createDigestStream(textLimit), at: 0, failure: undefined });
      return;
    }
    const job = jobs.get(message.job);
    const said = job && answer(message, job);
    if (said) port.postMessage(said);
  });
}

if (parentPort) serve(parentPort);
