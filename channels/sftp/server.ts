import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import ssh2, { type NegotiatedAlgorithms } from 'ssh2';
import type { Clock } from '../../engine/core/clock.ts';
import type { Logger } from '../../engine/core/logger.ts';
import type { Service } from '../../engine/core/service.ts';
import type { Folders } from '../../engine/landing/folders.ts';
import type { LoginDefence } from '../../engine/registry/login-defence.ts';
import { createReception } from '../../engine/registry/reception.ts';
import type { StandingWatch } from '../../engine/registry/standing-watch.ts';
import { ALGORITHMS, watchForTerrapin } from './algorithms.ts';
import type { Authenticate } from './authentication.ts';
import { type ClientConnection, type SftpLimits, serveClient } from './connection.ts';

export interface SftpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Private keys in PEM or OpenSSH's format. */
  readonly hostKeys: readonly string[];
  readonly authenticate: Authenticate;
  readonly defence: LoginDefence;
  /** Whether a peer at this address is a load balancer that sends the PROXY protocol; nobody when absent. */
  readonly isProxy?: (address: string) => boolean;
  /** Whether anybody is taken from this address; everybody when absent. */
  readonly isWelcome?: (address: string) => boolean;
  /** Called once for each session, which gets folders of its own. */
  readonly foldersOf: (sender: { readonly number: string; readonly channel: string }) => Folders;
  /** Ends logins that do not hold any more; absent: each looks by itself. */
  readonly watch?: Pick<StandingWatch, 'join'>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly limits?: Partial<SftpLimits>;
  /** Takes RSA signatures over SHA-1 (`ssh-rsa`) from old clients; off unless asked for. */
  readonly allowSha1?: boolean;
}

/** For one process of an institution's size; a configuration may set others. */
export const DEFAULT_SFTP_LIMITS: SftpLimits = {
  connections: 500,
  startups: 100,
  startupsPerAddress: 10,
  connectionsPerSender: 20,
  sessionsPerConnection: 10,
  handlesPerSession: 64,
  idleMs: 10 * 60_000,
  authTimeoutMs: 30_000,
  authAttempts: 6,
};

type IsTruncatable = (negotiated: NegotiatedAlgorithms) => boolean;

/** The SFTP channel: SSH with public keys only, and nothing in it but the sender's folders. */
export function createSftpServer(options: SftpServerOptions): Service & { port(): number } {
  const { host, log, isProxy = () => false, isWelcome = () => true } = options;
  const limits = { ...DEFAULT_SFTP_LIMITS, ...options.limits };
  const reception = createReception<ClientConnection>({ ...options, channel: 'sftp', limits, isProxy, isWelcome });
  const handshakes = new WeakMap<Socket, IsTruncatable>();
  const ssh = new ssh2.Server({ hostKeys: [...options.hostKeys], algorithms: ALGORITHMS, ident: 'bode' });
  const listener = createServer({ noDelay: true }, (socket) => void takeIn(socket));
  let listening = false;

  async function takeIn(socket: Socket): Promise<void> {
    if (!(await reception.takeIn(socket))) return;
    ssh.injectSocket(socket);
    handshakes.set(socket, watchForTerrapin(socket));
  }

  ssh.on('connection', (client, { ip, port }) => {
    const peers = [...reception.open.values()];
    const guest = peers.find(({ socket }) => socket.remoteAddress === ip && socket.remotePort === port);
    const isTruncatable = guest && handshakes.get(guest.socket);
    if (!guest?.origin || !isTruncatable) return void client.end();
    const { socket } = guest;
    const admit = (sender: string) => reception.takePlace(sender, socket);
    const { address } = guest.origin;
    const deps = { ...options, limits, admit, isTruncatable, address, allowSha1: options.allowSha1 ?? false };
    guest.connection = serveClient(client, socket, deps);
  });

  return {
    name: 'sftp',
    port: () => (listener.address() as AddressInfo | null)?.port ?? 0,
    async start() {
      if (listening) return;
      listening = true;
      listener.listen(options.port, host);
      await once(listener, 'listening').catch((error: unknown) => {
        listening = false;
        throw error;
      });
      log.info({ host, port: (listener.address() as AddressInfo).port }, 'sftp listening');
    },
    async stop() {
      if (!listening) return;
      listening = false;
      const closed = new Promise((resolve) => listener.close(resolve));
      await Promise.all([...reception.open.values()].map(({ connection }) => connection?.end()));
      const cut = setTimeout(() => destroyAll(reception.open.keys()), 1_000);
      for (const [socket, { connection }] of reception.open) if (!connection) socket.destroy();
      await closed;
      clearTimeout(cut);
    },
  };
}

function destroyAll(sockets: Iterable<Socket>): void {
  for (const socket of sockets) socket.destroy();
}
