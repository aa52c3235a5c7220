import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** What came over one connection so far. */
export interface FakeScan {
  readonly socket: Socket;
  /** Bytes of the content, without the lengths. */
  readonly content: Buffer;
  /** True when the end was announced. */
  readonly ended: boolean;
}

/** A clamd that answers what a test wants. */
export interface FakeClamd {
  readonly port: number;
  /** How many connections there were. */
  connections(): number;
  close(): Promise<void>;
}

/** Starts one; `answer` is called whenever more has come. */
export async function startFakeClamd(answer: (scan: FakeScan) => void): Promise<FakeClamd> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    let bytes = Buffer.alloc(0);
    socket.on('data', (more: Buffer) => {
      bytes = Buffer.concat([bytes, more]);
      answer({ socket, ...contentOf(bytes) });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const COMMAND = 'zINSTREAM\0';

function contentOf(bytes: Buffer): Pick<FakeScan, 'content' | 'ended'> {
  if (bytes.length < COMMAND.length) return { content: Buffer.alloc(0), ended: false };
  if (bytes.toString('latin1', 0, COMMAND.length) !== COMMAND) throw new Error('not INSTREAM');
  const pieces: Buffer[] = [];
  for (let at = COMMAND.length; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    if (length === 0) return { content: Buffer.concat(pieces), ended: true };
    pieces.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return { content: Buffer.concat(pieces), ended: false };
}
