import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Service } from '../../engine/core/service.ts';
import { admitStartup } from '../../engine/core/startups.ts';
import { type ControlConnection, serveControl } from './control.ts';
import type { FtpDeps } from './session.ts';

export interface FtpServerOptions extends FtpDeps {
  readonly host: string;
  /** For AUTH TLS and, from fixed links, plain FTP; 0 takes any free port. */
  readonly port: number;
  /** Encrypted from the first byte; 0 is none. */
  readonly implicitPort: number;
}

const CLOSING_MS = 1_000;

/** The FTP channel: passive only, and nothing in it but the sender's folders. */
export function createFtpServer(options: FtpServerOptions): Service & { port(): number } {
  const { host, log, limits } = options;
  const open = new Map<Socket, ControlConnection>();
  const logins = new Map<string, number>();
  const explicit = createServer({ noDelay: true }, (socket) => takeIn(socket, false));
  const implicit = createServer({ noDelay: true }, (socket) => takeIn(socket, true));
  let listening = false;

  function takeIn(socket: Socket, encrypted: boolean): void {
    socket.on('error', () => undefined); // the control connection tells of it
    const address = socket.remoteAddress ?? ''; // absent when it has closed already
    if (!address || !hasRoomFor(address)) return void socket.destroy();
    const timer = setTimeout(() => {
      if (!open.get(socket)?.authenticated()) socket.destroy();
    }, limits.authTimeoutMs);
    socket.once('close', () => {
      clearTimeout(timer);
      open.delete(socket);
    });
    const admit = (sender: string) => takePlace(sender, socket);
    open.set(socket, serveControl({ socket, implicit: encrypted, deps: options, admit }));
  }

  function hasRoomFor(address: string): boolean {
    const waiting = [...open].flatMap(([socket, connection]) =>
      connection.authenticated() ? [] : [{ address: connection.address, socket }],
    );
    const admission = admitStartup(waiting, address, limits);
    if (open.size >= limits.connections || admission.kind === 'refuse') {
      log.warn({ connections: open.size, waiting: waiting.length, remote: address }, 'ftp connection turned away');
      return false;
    }
    if (admission.kind === 'replace') admission.drop.socket.destroy();
    return true;
  }

  /** A socket that has closed says so only once: its place would never be free again. */
  function takePlace(sender: string, socket: Socket): boolean {
    const taken = logins.get(sender) ?? 0;
    if (socket.destroyed || taken >= limits.connectionsPerSender) return false;
    logins.set(sender, taken + 1);
    socket.once('close', () => {
      const left = (logins.get(sender) ?? 1) - 1;
      if (left > 0) logins.set(sender, left);
      else logins.delete(sender);
    });
    return true;
  }

  return {
    name: 'ftp',
    port: () => (explicit.address() as AddressInfo | null)?.port ?? 0,
    async start() {
      if (listening) return;
      listening = true;
      try {
        await listen(explicit, host, options.port);
        if (options.implicitPort !== 0) await listen(implicit, host, options.implicitPort);
      } catch (error) {
        listening = false;
        explicit.close();
        throw error;
      }
      log.info({ host, port: (explicit.address() as AddressInfo).port }, 'ftp listening');
    },
    async stop() {
      if (!listening) return;
      listening = false;
      const closed = [explicit, implicit].filter((server) => server.listening).map(closeServer);
      await Promise.all([...open.values()].map((connection) => connection.end()));
      const cut = setTimeout(() => [...open.keys()].map((socket) => socket.destroy()), CLOSING_MS);
      await Promise.all(closed);
      clearTimeout(cut);
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}

const closeServer = (server: Server): Promise<unknown> => new Promise((resolve) => server.close(resolve));
