import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import ssh2, { type NegotiatedAlgorithms } from 'ssh2';
import type { Clock } from '../../engine/core/clock.ts';
import type { Logger } from '../../engine/core/logger.ts';
import type { Service } from '../../engine/core/service.ts';
import { admitStartup } from '../../engine/core/startups.ts';
import type { Folders } from '../../engine/landing/folders.ts';
import { ALGORITHMS, watchForTerrapin } from './algorithms.ts';
import type { Authenticate } from './authentication.ts';
import { type ClientConnection, type SftpLimits, serveClient } from './connection.ts';

interface Guest {
  readonly socket: Socket;
  readonly address: string;
  readonly isTruncatable: (negotiated: NegotiatedAlgorithms) => boolean;
  /** Absent until the client has said that it speaks SSH. */
  connection?: ClientConnection;
}

export interface SftpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Private keys in PEM or OpenSSH's format. */
  readonly hostKeys: readonly string[];
  readonly authenticate: Authenticate;
  /** Called once for each session, which gets folders of its own. */
  readonly foldersOf: (sender: { readonly number: string; readonly channel: string }) => Folders;
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

/** The SFTP channel: SSH with public keys only, and nothing in it but the sender's folders. */
export function createSftpServer(options: SftpServerOptions): Service & { port(): number } {
  const { host, log } = options;
  const limits = { ...DEFAULT_SFTP_LIMITS, ...options.limits };
  const open = new Map<Socket, Guest>();
  const senders = createCounter(limits.connectionsPerSender);
  const ssh = new ssh2.Server({ hostKeys: [...options.hostKeys], algorithms: ALGORITHMS, ident: 'bode' });
  const listener = createServer({ noDelay: true }, takeIn);
  let listening = false;

  function hasRoomFor(address: string): boolean {
    const waiting = [...open.values()].filter(
      ({ socket, connection }) => !socket.destroyed && !connection?.authenticated(),
    );
    const admission = admitStartup(waiting, address, limits);
    if (open.size >= limits.connections || admission.kind === 'refuse') {
      log.warn({ connections: open.size, waiting: waiting.length, remote: address }, 'sftp connection turned away');
      return false;
    }
    if (admission.kind === 'replace') {
      log.warn({ waiting: waiting.length, remote: admission.drop.address }, 'sftp connection gave way to another');
      admission.drop.socket.destroy();
    }
    return true;
  }

  function takeIn(socket: Socket): void {
    const address = socket.remoteAddress ?? ''; // absent when it has closed already
    if (!address || !hasRoomFor(address)) return void socket.destroy();
    const timer = setTimeout(() => {
      if (!open.get(socket)?.connection?.authenticated()) socket.destroy();
    }, limits.authTimeoutMs);
    socket.once('close', () => {
      clearTimeout(timer);
      open.delete(socket);
    });
    ssh.injectSocket(socket);
    open.set(socket, { socket, address, isTruncatable: watchForTerrapin(socket) });
  }

  ssh.on('connection', (client, { ip, port }) => {
    const found = [...open].find(([{ remoteAddress, remotePort }]) => remoteAddress === ip && remotePort === port);
    if (!found) return void client.end();
    const [socket, guest] = found;
    // a socket that has closed says so only once: its place would never be free again
    const admit = (sender: string) => !socket.destroyed && senders.take(sender, (free) => socket.once('close', free));
    const { isTruncatable } = guest;
    const deps = { ...options, limits, admit, isTruncatable, allowSha1: options.allowSha1 ?? false };
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
      await Promise.all([...open.values()].map(({ connection }) => connection?.end()));
      const cut = setTimeout(() => destroyAll(open.keys()), 1_000);
      for (const [socket, { connection }] of open) if (!connection) socket.destroy();
      await closed;
      clearTimeout(cut);
    },
  };
}

function destroyAll(sockets: Iterable<Socket>): void {
  for (const socket of sockets) socket.destroy();
}

interface Counter {
  /** Takes one place of `key`; `onEnd` gets the function that frees it. False when none is left. */
  take(key: string, onEnd: (free: () => void) => void): boolean;
}

function createCounter(limit: number): Counter {
  const counts = new Map<string, number>();
  return {
    take(key, onEnd) {
      const count = counts.get(key) ?? 0;
      if (count >= limit) return false;
      counts.set(key, count + 1);
      onEnd(() => {
        const left = (counts.get(key) ?? 1) - 1;
        if (left > 0) counts.set(key, left);
        else counts.delete(key);
      });
      return true;
    },
  };
}
