import type { FileHandle } from 'node:fs/promises';

/** What a writer needs of an open file. */
export type WritableFile = Pick<FileHandle, 'writev' | 'write' | 'datasync'>;

/** Puts pieces into a file in the background, several in one system call; holds at most `bufferBytes` before it says wait. */
export interface FileWriter {
  /** Takes a piece for `offset`; resolves when there is room for more. Rejects once a write has failed. */
  write(offset: number, bytes: Buffer): Promise<void>;
  /** Resolves when everything taken is in the file; rejects when a write has failed. */
  flush(): Promise<void>;
}

export interface FileWriterOptions {
  readonly bufferBytes: number;
  /** After this many bytes the disk is asked to begin storing them, so that the last sync has little left to do. */
  readonly syncEvery: number;
  /** Called when bytes are in the file, in the order in which they were written. */
  readonly onWritten?: (offset: number, length: number) => void;
}

interface Piece {
  readonly offset: number;
  readonly bytes: Buffer;
}

const MAX_RUN = 512; // pieces in one writev; the system allows 1024

const READY = Promise.resolve();

/** Starts a writer on an open file; the caller closes the file. */
export function createFileWriter(handle: WritableFile, options: FileWriterOptions): FileWriter {
  const { bufferBytes, syncEvery, onWritten } = options;
  let pending: Piece[] = [];
  let pendingBytes = 0;
  let unsynced = 0;
  let running: Promise<void> | undefined;
  let syncing: Promise<void> = READY;
  let failure: { readonly error: unknown } | undefined;

  function write(offset: number, bytes: Buffer): Promise<void> {
    if (failure) return Promise.reject(failure.error);
    pending.push({ offset, bytes });
    pendingBytes += bytes.length;
    running ??= drain();
    return pendingBytes < bufferBytes ? READY : flush();
  }

  async function drain(): Promise<void> {
    // one turn later: what comes in the same turn goes out in the same call
    await new Promise(setImmediate);
    try {
      while (pending.length > 0) await writeRun(takeRun());
    } catch (error) {
      failure = { error };
      pending = [];
    } finally {
      running = undefined;
    }
  }

  function takeRun(): Piece[] {
    let count = 1;
    while (count < pending.length && count < MAX_RUN && follows(pending[count - 1]!, pending[count]!)) count += 1;
    return pending.splice(0, count);
  }

  async function writeRun(run: readonly Piece[]): Promise<void> {
    const position = run[0]!.offset;
    const buffers = run.map(({ bytes }) => bytes);
    const length = await writeAll(handle, buffers, position);
    onWritten?.(position, length);
    pendingBytes -= length;
    unsynced += length;
    if (unsynced >= syncEvery) startSync();
  }

  function startSync(): void {
    unsynced = 0;
    const last = syncing;
    syncing = last
      .then(() => handle.datasync())
      .catch((error: unknown) => {
        failure ??= { error };
      });
  }

  async function flush(): Promise<void> {
    while (running) await running;
    if (failure) throw failure.error;
  }

  async function flushAll(): Promise<void> {
    await flush();
    await syncing;
    if (failure) throw failure.error;
  }

  return { write, flush: flushAll };
}

function follows(before: Piece, after: Piece): boolean {
  return before.offset + before.bytes.length === after.offset;
}

async function writeAll(handle: WritableFile, buffers: readonly Buffer[], position: number): Promise<number> {
  const total = buffers.reduce((sum, { length }) => sum + length, 0);
  let { bytesWritten } = await handle.writev(buffers, position);
  if (bytesWritten < total) {
    // rare: the disk took only a part
    const whole = Buffer.concat(buffers);
    while (bytesWritten < total) {
      bytesWritten += (await handle.write(whole, bytesWritten, total - bytesWritten, position + bytesWritten))
        .bytesWritten;
    }
  }
  return total;
}
