import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { plainAddress } from '../../engine/core/cidr.ts';
import { EngineError } from '../../engine/core/errors.ts';
import type { Logger } from '../../engine/core/logger.ts';
import { originOf } from '../../engine/core/origin.ts';

/** Ports for data connections, both included; from 0 lets the system choose. */
export interface PassivePorts {
  readonly from: number;
  readonly to: number;
}

/** A port that waits for the one data connection of one client. */
export interface DataDoor {
  readonly port: number;
  /** The connection, once it is there. Throws operation_unsupported when none came in time, or the signal aborts. */
  connection(signal: AbortSignal): Promise<Socket>;
  /** Closes the port, and the connection if it was not taken. May be called twice. */
  close(): void;
}

export interface DoorOptions {
  /** The address that the client came to. */
  readonly localAddress: string;
  /** The client's: a connection from anywhere else is cut off (data hijacking, CVE-1999-0017's relatives). */
  readonly peer: string;
  /** Given when the client is behind a load balancer through which its data come, too: only from there, with a PROXY header. */
  readonly isProxy?: (address: string) => boolean;
  readonly ports: PassivePorts;
  readonly log: Logger;
}

const PATIENCE_MS = 30_000;
const CHUNK_BYTES = 1 << 18;

/** Opens a port. Throws limit_exceeded when all of the range are in use. */
export async function openDoor({ localAddress, peer, isProxy, ports, log }: DoorOptions): Promise<DataDoor> {
  const server = createServer({ noDelay: true, pauseOnConnect: true, highWaterMark: CHUNK_BYTES });
  await listen(server, localAddress, ports);
  let resolve: (socket?: Socket) => void = () => undefined;
  const arrived = new Promise<Socket | undefined>((settle) => {
    resolve = settle;
  });
  let first: Socket | undefined;
  let taken = false;
  const timer = setTimeout(() => close(), PATIENCE_MS).unref();

  async function takeIn(socket: Socket): Promise<void> {
    socket.on('error', () => undefined); // who reads it hears of it
    const from = await clientOf(socket, isProxy);
    if (first || from !== plainAddress(peer)) {
      if (!first) log.warn({ remote: from ?? 'unknown' }, 'ftp data connection from another address refused');
      return void socket.destroy();
    }
    first = socket;
    server.close();
    clearTimeout(timer);
    resolve(socket);
  }

  server.on('connection', (socket) => void takeIn(socket));

  function close(): void {
    clearTimeout(timer);
    server.close();
    if (!taken) first?.destroy();
    resolve(); // whoever waits for it waits for nothing
  }

  async function connection(signal: AbortSignal): Promise<Socket> {
    if (!first) timer.refresh();
    signal.addEventListener('abort', close, { once: true });
    const socket = signal.aborted ? undefined : await arrived;
    signal.removeEventListener('abort', close);
    if (!socket || socket.destroyed) throw new EngineError('operation_unsupported', 'no data connection was made');
    taken = true;
    return socket;
  }

  return { port: (server.address() as AddressInfo).port, connection, close };
}

/** Where a data connection really comes from; undefined when only a proxy could have said so, and none did. */
async function clientOf(socket: Socket, isProxy: DoorOptions['isProxy']): Promise<string | undefined> {
  if (!isProxy) return plainAddress(socket.remoteAddress ?? '');
  const origin = await originOf(socket, isProxy);
  return typeof origin !== 'string' && origin.proxied ? origin.address : undefined;
}

/** Tries the range once around, from a place that nobody can guess. */
async function listen(server: Server, host: string, { from, to }: PassivePorts): Promise<void> {
  const count = from === 0 ? 1 : Math.max(1, to - from + 1);
  const start = randomInt(count);
  for (let step = 0; step < count; step += 1) {
    const port = from === 0 ? 0 : from + ((start + step) % count);
    server.listen(port, host);
    const failure = await once(server, 'listening').then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error,
    );
    if (!failure) return;
    if (failure.code !== 'EADDRINUSE') throw failure;
  }
  throw new EngineError('limit_exceeded', 'no port is free for a data connection: try again');
}
