import type { Socket } from 'node:net';
import type { ServerChannel } from 'ssh2';
import type { Reply } from './replies.ts';

/** Sends replies, several in one packet, and tells when the client does not read them. */
export interface Output {
  add(reply: Reply): void;
  /** True when so much was added that it should be sent before more is. */
  isFull(): boolean;
  /** Sends what was added; resolves when few enough bytes wait for the client. */
  flush(): Promise<void>;
  /** Stops waiting: the channel has gone. */
  abort(): void;
}

const UNSENT_BYTES = 512 * 1024;
const FULL_BYTES = 32 * 1024;
const SINGLE_BYTES = 16 * 1024; // larger buffers go out as they are, smaller ones together

/** An output on a channel; `socket` is the connection below it. */
export function createOutput(channel: ServerChannel, socket: Socket): Output {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let unsent = 0;
  let gone = false;
  let proceed: (() => void) | undefined;

  function send(): void {
    const buffers = waiting;
    waiting = [];
    waitingBytes = 0;
    socket.cork();
    for (const buffer of joined(buffers)) {
      unsent += buffer.length;
      channel.write(buffer, () => sent(buffer.length));
    }
    socket.uncork();
  }

  function sent(bytes: number): void {
    unsent -= bytes;
    if (unsent <= UNSENT_BYTES) proceed?.();
  }

  // the client's window is its own to choose: what the connection has not taken yet counts as well
  const blocked = () => !gone && (unsent > UNSENT_BYTES || socket.writableLength > UNSENT_BYTES);

  async function waitForClient(): Promise<void> {
    while (blocked()) {
      await new Promise<void>((resolve) => {
        proceed = resolve;
        if (unsent <= UNSENT_BYTES) socket.once('drain', resolve);
      });
      proceed = undefined;
    }
  }

  return {
    add(reply) {
      waiting.push(...reply);
      for (const { length } of reply) waitingBytes += length;
    },
    isFull: () => waitingBytes > FULL_BYTES,
    async flush() {
      if (gone || waiting.length === 0) return;
      send();
      if (blocked()) await waitForClient();
    },
    abort() {
      gone = true;
      waiting = [];
      proceed?.();
    },
  };
}

function joined(buffers: readonly Buffer[]): Buffer[] {
  const groups: Buffer[] = [];
  let group: Buffer[] = [];
  const close = () => {
    if (group.length > 0) groups.push(group.length === 1 ? group[0]! : Buffer.concat(group));
    group = [];
  };
  for (const buffer of buffers) {
    if (buffer.length < SINGLE_BYTES) {
      group.push(buffer);
      continue;
    }
    close();
    groups.push(buffer);
  }
  close();
  return groups;
}
