import type { Socket } from 'node:net';
import type { Connection, NegotiatedAlgorithms, ServerChannel, Session } from 'ssh2';
import type { Clock } from '../../engine/core/clock.ts';
import { messageOf } from '../../engine/core/errors.ts';
import type { Logger } from '../../engine/core/logger.ts';
import type { Folders } from '../../engine/landing/folders.ts';
import type { Authenticate, Authenticated } from './authentication.ts';
import { createHandles } from './handles.ts';
import { guardLogin } from './login.ts';
import { type SftpSession, serveSftp } from './session.ts';

/** What one client, or all together, may take. */
export interface SftpLimits {
  readonly connections: number;
  /** Connections that have not logged in yet. */
  readonly startups: number;
  readonly connectionsPerSender: number;
  readonly sessionsPerConnection: number;
  readonly handlesPerSession: number;
  /** Milliseconds without a request before a connection is closed. */
  readonly idleMs: number;
  readonly authTimeoutMs: number;
  readonly authAttempts: number;
}

export interface ConnectionDeps {
  readonly authenticate: Authenticate;
  readonly foldersOf: (sender: { readonly number: string; readonly channel: string }) => Folders;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: SftpLimits;
  readonly allowSha1: boolean;
  /** Whether a handshake is open to prefix truncation (algorithms.ts). */
  readonly isTruncatable: (negotiated: NegotiatedAlgorithms) => boolean;
  /** Counts a login; false when the sender has too many connections. */
  readonly admit: (sender: string) => boolean;
}

/** One connection of a client, from the SSH header on. */
export interface ClientConnection {
  authenticated(): boolean;
  /** Ends the connection; resolves when its uploads are closed. */
  end(): Promise<void>;
}

const FLOOD_BYTES = 8 * 1024 * 1024; // more than a client can send that keeps to its window
const CLOSING_MS = 1_000;

/** Serves one client: log-in, then SFTP sessions; everything else that SSH offers is refused. */
export function serveClient(client: Connection, socket: Socket, deps: ConnectionDeps): ClientConnection {
  const { limits, clock } = deps;
  const startedAt = clock().getTime();
  const sessions = new Set<SftpSession>();
  const idle = setTimeout(() => close('idle'), limits.idleMs);
  let log = deps.log.child({ remote: socket.remoteAddress });
  let sender: Authenticated | undefined;

  function close(reason: string): void {
    log.info({ reason }, 'sftp connection closed');
    client.end();
    // a client that does not take part in closing is cut off
    setTimeout(() => socket.destroy(), CLOSING_MS).unref();
  }

  function onLogin(authenticated: Authenticated): void {
    sender = authenticated;
    log = log.child({ sender: sender.number });
    log.info({ ms: clock().getTime() - startedAt }, 'sftp login');
  }

  function onSession(accept: () => Session, reject: () => void): void {
    if (sender && sessions.size < limits.sessionsPerConnection) listenTo(accept(), sender);
    else reject();
  }

  // nothing but the subsystem is listened to: shell, exec, environment, terminal, X11 and agent are refused by the library
  function listenTo(session: Session, authenticated: Authenticated): void {
    session.on('subsystem', (accept, reject, { name }) => {
      if (name === 'sftp') startSftp(accept(), authenticated);
      else reject();
    });
  }

  function startSftp(channel: ServerChannel, { number }: Authenticated): void {
    const context = {
      sender: number,
      folders: deps.foldersOf({ number, channel: 'sftp' }),
      handles: createHandles(limits.handlesPerSession),
      maxHandles: limits.handlesPerSession,
      clock,
      log,
    };
    const session = serveSftp({ channel, socket, context, onBroken, onActivity: () => idle.refresh() });
    sessions.add(session);
    channel.on('close', () => void session.abort().finally(() => sessions.delete(session)));
    socket.on('data', () => {
      if (channel.readableLength > FLOOD_BYTES) socket.destroy();
    });
  }

  function onBroken(error: unknown): void {
    log.warn({ reason: messageOf(error) }, 'sftp session broken');
    close('not SFTP');
  }

  async function abortAll(): Promise<void> {
    await Promise.all([...sessions].map((session) => session.abort()));
  }

  guardLogin(client, { ...deps, authAttempts: limits.authAttempts, log, onLogin, onGivenUp: close });
  client.on('handshake', (negotiated) => {
    if (deps.isTruncatable(negotiated)) close('no strict key exchange');
  });
  client.on('session', onSession);
  client.on('error', (error: Error) => log.info({ reason: messageOf(error) }, 'sftp connection failed'));
  client.on('close', () => {
    clearTimeout(idle);
    void abortAll();
  });

  return {
    authenticated: () => sender !== undefined,
    async end() {
      await abortAll();
      client.end();
    },
  };
}
