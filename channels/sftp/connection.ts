import type { Socket } from 'node:net';
import type { Connection, NegotiatedAlgorithms, ServerChannel, Session } from 'ssh2';
import type { Clock } from '../../engine/core/clock.ts';
import { EngineError, messageOf } from '../../engine/core/errors.ts';
import type { Logger } from '../../engine/core/logger.ts';
import type { Folders } from '../../engine/landing/folders.ts';
import type { LoginDefence } from '../../engine/registry/login-defence.ts';
import type { ReceptionLimits } from '../../engine/registry/reception.ts';
import type { StandingWatch } from '../../engine/registry/standing-watch.ts';
import type { Authenticate, Authenticated, Credentials } from './authentication.ts';
import { createChannels } from './channels.ts';
import { createHandles } from './handles.ts';
import { guardLogin } from './login.ts';
import { type SftpSession, serveSftp } from './session.ts';
import { type ConfirmStanding, createConfirmStanding } from './standing.ts';

/** What one client, or all together, may take. */
export interface SftpLimits extends ReceptionLimits {
  /** Channels open at a time, whether or not SFTP has been started on them. */
  readonly sessionsPerConnection: number;
  readonly handlesPerSession: number;
  /** Milliseconds without a request before a connection is closed. */
  readonly idleMs: number;
  /** Milliseconds within which a client has to log in, and to start SFTP on a channel that it has opened. */
  readonly authTimeoutMs: number;
  readonly authAttempts: number;
}

export interface ConnectionDeps {
  readonly authenticate: Authenticate;
  readonly defence: LoginDefence;
  /** Where the client is. */
  readonly address: string;
  readonly foldersOf: (sender: { readonly number: string; readonly channel: string }) => Folders;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: SftpLimits;
  readonly allowSha1: boolean;
  /** Whether a handshake is open to prefix truncation (algorithms.ts). */
  readonly isTruncatable: (negotiated: NegotiatedAlgorithms) => boolean;
  /** Ends logins that do not hold any more, within seconds; absent: each looks by itself, when it does something. */
  readonly watch?: Pick<StandingWatch, 'join'>;
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
// more than all sessions of a connection have waiting, and than a log-in takes: answers that are not read
const UNSENT_BYTES = 16 * 1024 * 1024;
const UNSENT_SESSION_BYTES = 512 * 1024;
const UNSENT_LOGIN_BYTES = 256 * 1024;
const LOGIN_BYTES = 256 * 1024; // what a client may send before it has logged in
const CLOSING_MS = 1_000;

const isWithdrawn = (error: unknown) => error instanceof EngineError && error.code === 'access_denied';

/** Serves one client: log-in, then SFTP sessions; everything else that SSH offers is refused. */
export function serveClient(client: Connection, socket: Socket, deps: ConnectionDeps): ClientConnection {
  const { limits, clock, address } = deps;
  const startedAt = clock().getTime();
  const sessions = new Set<SftpSession>();
  const idle = setTimeout(() => close('idle'), limits.idleMs);
  const channels = createChannels({
    limit: limits.sessionsPerConnection,
    patienceMs: limits.authTimeoutMs,
    startSftp,
    onUnused: () => close('channels without SFTP'),
  });
  let log = deps.log.child({ remote: address });
  let sender: Authenticated | undefined;
  let confirmStanding: ConfirmStanding | undefined;
  let closing = false;

  function close(reason: string): void {
    if (closing) return;
    closing = true;
    log.info({ reason }, 'sftp connection closed');
    client.end();
    // a client that does not take part in closing is cut off
    setTimeout(() => socket.destroy(), CLOSING_MS).unref();
  }

  const isOpen = () => !closing && !socket.destroyed;

  function onLogin(authenticated: Authenticated, credentials: Credentials): void {
    sender = authenticated;
    log = log.child({ sender: sender.number });
    log.info({ ms: clock().getTime() - startedAt }, 'sftp login');
    confirmStanding = createConfirmStanding({
      ...deps,
      sender,
      credentials,
      nowMs: () => clock().getTime(),
      onWithdrawn: () => close('login withdrawn'),
    });
    const confirm = confirmStanding;
    const leave = deps.watch?.join(sender.number, () => confirm(0).then(() => true, isWithdrawn));
    if (leave) client.on('close', leave);
  }

  function onSession(accept: () => Session | undefined, reject: () => void): void {
    const session = sender && isOpen() && channels.hasRoom() ? accept() : undefined;
    if (session) channels.add(session);
    else reject();
  }

  function startSftp(channel: ServerChannel): SftpSession {
    const number = sender?.number ?? ''; // no channel opens before the log-in
    const context = {
      sender: number,
      folders: deps.foldersOf({ number, channel: 'sftp' }),
      handles: createHandles(limits.handlesPerSession),
      maxHandles: limits.handlesPerSession,
      confirmStanding: async () => confirmStanding?.(),
      clock,
      log,
    };
    const session = serveSftp({ channel, socket, context, onBroken, onActivity: () => idle.refresh() });
    sessions.add(session);
    channel.on('close', () => void session.abort().finally(() => sessions.delete(session)));
    return session;
  }

  const mostUnsent = Math.max(UNSENT_BYTES, limits.sessionsPerConnection * UNSENT_SESSION_BYTES);

  function onData(): void {
    const unsent = socket.writableLength > (sender ? mostUnsent : UNSENT_LOGIN_BYTES);
    const tooMuch = !sender && socket.bytesRead > LOGIN_BYTES;
    if (unsent || tooMuch || channels.unreadBytes() > FLOOD_BYTES) socket.destroy();
  }

  function onBroken(error: unknown): void {
    log.warn({ reason: messageOf(error) }, 'sftp session broken');
    close('not SFTP');
  }

  async function abortAll(): Promise<void> {
    await Promise.all([...sessions].map((session) => session.abort()));
  }

  guardLogin(client, { ...deps, authAttempts: limits.authAttempts, log, isOpen, onLogin, onGivenUp: close });
  client.on('handshake', (negotiated) => {
    if (deps.isTruncatable(negotiated)) close('no strict key exchange');
  });
  client.on('session', onSession);
  client.on('error', (error: Error) => log.info({ reason: messageOf(error) }, 'sftp connection failed'));
  client.on('close', () => {
    closing = true;
    clearTimeout(idle);
    channels.clear();
    void abortAll();
  });
  socket.on('data', onData);

  return {
    authenticated: () => sender !== undefined,
    async end() {
      await abortAll();
      client.end();
    },
  };
}
