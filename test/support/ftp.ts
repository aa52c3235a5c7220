import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { run } from '../../scripts/demonstration/command.ts';

/** A client that speaks FTP by hand: for what no client program would send. */
export interface RawFtp {
  readonly socket: Socket;
  /** Sends bytes as they are. */
  send(text: string): void;
  /** Sends a line and gives the whole reply to it. */
  ask(line: string): Promise<string>;
  /** The next reply, whole. */
  reply(): Promise<string>;
  close(): void;
}

const WITHIN_MS = 15_000;

/** Connects and takes the greeting. */
export async function rawFtp(port: number, host = '127.0.0.1', localAddress?: string): Promise<RawFtp> {
  const socket = connect({ port, host, ...(localAddress === undefined ? {} : { localAddress }) });
  socket.on('error', () => undefined);
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    socket.emit('more');
  });
  socket.on('close', () => socket.emit('more'));

  async function reply(): Promise<string> {
    const signal = AbortSignal.timeout(WITHIN_MS);
    for (;;) {
      const [whole] = /^(\d{3} .*\r\n|(\d{3})-[\s\S]*?\r\n\2 .*\r\n)/.exec(text) ?? [];
      if (whole !== undefined) {
        text = text.slice(whole.length);
        return whole.trimEnd();
      }
      if (socket.destroyed) return 'closed';
      await once(socket, 'more', { signal });
    }
  }

  const send = (line: string) => void socket.write(line, 'latin1');
  const client: RawFtp = {
    socket,
    send,
    reply,
    ask(line) {
      send(`${line}\r\n`);
      return reply();
    },
    close: () => void socket.destroy(),
  };
  await reply();
  return client;
}

/** Runs a script of Python's ftplib; what it prints comes back. */
export const ftplib = (script: string): Promise<string> => run('python3', ['-c', script]);
