import type { Socket } from 'node:net';
import type { ServerChannel } from 'ssh2';
import { createAnswer } from './answers.ts';
import type { SessionContext } from './operations/operation.ts';
import { createOutput } from './output.ts';
import { createSplitter, type Packet } from './splitter.ts';

/** One SFTP session on a channel. */
export interface SftpSession {
  /** Stops waiting for the client to read: it has closed the channel. What it sent before is still carried out. */
  mute(): void;
  /** Ends the session at once: what is being uploaded is kept as partial. Resolves when nothing is open any more. */
  abort(): Promise<void>;
}

export interface SessionOptions {
  readonly channel: ServerChannel;
  readonly socket: Socket;
  readonly context: SessionContext;
  /** Called when the client has sent something that is not SFTP: the connection has to end. */
  readonly onBroken: (error: unknown) => void;
  /** Called with every sign of life. */
  readonly onActivity: () => void;
}

// Requests that have come and are not carried out yet. Above the first mark the channel is no longer read, so that
// the client's window closes; below the second it is read again.
const PAUSE_BYTES = 1024 * 1024;
const RESUME_BYTES = 256 * 1024;
const PACKET_OVERHEAD = 256; // what a waiting packet takes besides its bytes

/** Serves SFTP on a channel: one request after the other, in the order in which they came. */
export function serveSftp({ channel, socket, context, onBroken, onActivity }: SessionOptions): SftpSession {
  const splitter = createSplitter();
  const answer = createAnswer(context);
  const output = createOutput(channel, socket);
  const queue: Packet[] = [];
  let queuedBytes = 0;
  let running: Promise<void> | undefined;
  let ended: Promise<void> | undefined;

  function receive(bytes: Buffer): void {
    if (ended) return;
    onActivity();
    try {
      for (const packet of splitter.push(bytes)) {
        queue.push(packet);
        queuedBytes += packet.length + PACKET_OVERHEAD;
      }
    } catch (error) {
      fail(error);
    }
    if (queuedBytes > PAUSE_BYTES) channel.pause();
    if (queue.length > 0) running ??= run();
  }

  async function run(): Promise<void> {
    try {
      for (let packet = queue.shift(); packet; packet = queue.shift()) {
        output.add(await answer(packet));
        queuedBytes -= packet.length + PACKET_OVERHEAD;
        if (queue.length === 0 || output.isFull()) await output.flush();
        if (queuedBytes < RESUME_BYTES && channel.isPaused()) channel.resume();
      }
    } catch (error) {
      fail(error);
    } finally {
      running = undefined;
    }
  }

  function fail(error: unknown): void {
    queue.length = 0;
    if (!ended) onBroken(error);
  }

  function end(): Promise<void> {
    ended ??= finish();
    return ended;
  }

  async function finish(): Promise<void> {
    while (running) await running;
    await closeAll(context);
  }

  channel.on('data', receive);
  channel.on('error', fail);
  channel.on('end', () => {
    // OpenSSH's client waits for ever when the server does not close the channel too
    void end().then(() => {
      channel.exit(0);
      channel.end();
      channel.close();
    }, fail);
  });

  return {
    mute: output.abort,
    abort() {
      output.abort();
      return end();
    },
  };
}

async function closeAll({ handles, log }: SessionContext): Promise<void> {
  for (const open of handles.all()) {
    if (open.kind === 'listing') continue;
    const closing = open.kind === 'upload' ? open.upload.abandon() : open.download.close();
    await closing.catch((err: unknown) => log.error({ err }, 'an open file could not be closed'));
  }
}
