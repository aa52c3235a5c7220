import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Service } from '../../engine/core/service.ts';
import { createReception } from '../../engine/registry/reception.ts';
import { type ControlConnection, serveControl } from './control.ts';
import type { FtpDeps } from './session.ts';

export interface FtpServerOptions extends FtpDeps {
  readonly host: string;
  /** For AUTH TLS and, from fixed links, plain FTP; 0 takes any free port. */
  readonly port: number;
  /** Encrypted from the first byte; 0 is none. */
  readonly implicitPort: number;
  /** Whether anybody is taken from this address; everybody when absent. */
  readonly isWelcome?: (address: string) => boolean;
}

const CLOSING_MS = 1_000;

/** The FTP channel: passive only, and nothing in it but the sender's folders. */
export function createFtpServer(options: FtpServerOptions): Service & { port(): number } {
  const { host, log, isWelcome = () => true } = options;
  const reception = createReception<ControlConnection>({ ...options, channel: 'ftp', isWelcome });
  const explicit = createServer({ noDelay: true }, (socket) => void takeIn(socket, false));
  const implicit = createServer({ noDelay: true }, (socket) => void takeIn(socket, true));
  let listening = false;

  async function takeIn(socket: Socket, encrypted: boolean): Promise<void> {
    const guest = await reception.takeIn(socket);
    if (!guest?.origin) return;
    const { origin } = guest;
    const admit = (sender: string) => reception.takePlace(sender, socket);
    guest.connection = serveControl({ socket, origin, implicit: encrypted, deps: options, admit });
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
      for (const [socket, { connection }] of reception.open) if (!connection) socket.destroy();
      await Promise.all([...reception.open.values()].map(({ connection }) => connection?.end()));
      const cut = setTimeout(() => [...reception.open.keys()].map((socket) => socket.destroy()), CLOSING_MS);
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
