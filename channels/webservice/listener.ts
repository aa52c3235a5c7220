import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import { EngineError } from '../../engine/core/errors.ts';
import { createReception, type Guest, type ReceptionOptions } from '../../engine/registry/reception.ts';
import type { StandingWatch } from '../../engine/registry/standing-watch.ts';

/** A client over TLS. */
export interface Client {
  /** Where it comes from, behind a proxy too. */
  readonly address: string;
  /** SHA-256 of the certificate that it showed, base64url; undefined when it showed none. */
  certificate(): string | undefined;
  /** Counts this connection as one of the sender's; false when it has too many, or is another's. */
  belongsTo(sender: string): boolean;
  /** Counts this connection as one of somebody who has signed in: it need not show any other token in time. */
  readonly recognise: () => void;
}

export interface ListenerOptions extends Omit<ReceptionOptions, 'channel'> {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** What TLS needs, asked for each connection: a new certificate needs no restart. */
  readonly tls: () => SecureContext;
  /** Whether clients are asked for a certificate. */
  readonly clientCertificates: boolean;
  readonly idleMs: number;
  /** Ends the connections of senders that are not served any more, also while they wait; absent: each request looks. */
  readonly watch?: Pick<StandingWatch, 'join'>;
  /** Whether a sender is served. */
  readonly isServed?: (sender: string) => Promise<boolean>;
}

/** Takes connections in, speaks TLS with them, and hands them to an HTTP server. */
export interface Listener {
  port(): number;
  /** Who is at the other end of a request. */
  clientOf(socket: Socket): Client | undefined;
  listen(http: HttpServer): Promise<void>;
  /** Takes no connection any more; resolves when none is open, and cuts those off that do not end by themselves. */
  close(): Promise<void>;
}

interface Session {
  authenticated(): boolean;
}

const CLOSING_MS = 5_000;

/** Nothing is said to a connection before it is known where it comes from and that there is room for it. */
export function createListener(options: ListenerOptions): Listener {
  const { host, tls, clientCertificates, idleMs } = options;
  const reception = createReception<Session>({ ...options, channel: 'webservice' });
  const clients = new WeakMap<Socket, Client>();
  let server: Server | undefined;

  async function takeIn(socket: Socket, http: HttpServer): Promise<void> {
    const guest = await reception.takeIn(socket);
    if (!guest?.origin) return;
    const secured = new TLSSocket(socket, {
      ...{ isServer: true, secureContext: tls(), ALPNProtocols: ['http/1.1'] },
      requestCert: clientCertificates,
      rejectUnauthorized: false, // it need not be signed by anybody: a token is bound to this very one (RFC 8705)
    });
    secured.on('error', () => socket.destroy()).setTimeout(idleMs, () => socket.destroy());
    clients.set(secured, clientAt(secured, guest));
    http.emit('connection', secured);
  }

  function clientAt(secured: TLSSocket, guest: Guest<Session>): Client {
    let owner: string | undefined;
    let recognised = false;
    guest.connection = { authenticated: () => recognised || owner !== undefined };
    const recognise = () => {
      recognised = true;
    };

    function belongsTo(sender: string): boolean {
      if (owner === undefined && reception.takePlace(sender, guest.socket)) {
        owner = sender;
        watchOver(sender, guest.socket);
      }
      return owner === sender;
    }
    return { address: guest.origin?.address ?? '', certificate: () => thumbprintOf(secured), belongsTo, recognise };
  }

  function watchOver(sender: string, socket: Socket): void {
    const { watch, isServed } = options;
    if (!watch || !isServed) return;
    const leave = watch.join(sender, async () => {
      if (!(await isServed(sender))) socket.destroy();
      return true;
    });
    socket.once('close', leave);
  }

  async function listen(http: HttpServer): Promise<void> {
    if (server) return;
    http.emit('listening'); // it does not listen itself, but from now on it watches how long its requests take
    server = createServer({ noDelay: true }, (socket) => void takeIn(socket, http));
    try {
      server.listen(options.port, host);
      await once(server, 'listening');
    } catch (error) {
      server = undefined;
      throw cannotListen(options, error);
    }
  }

  async function close(): Promise<void> {
    const closing = server;
    server = undefined;
    if (!closing) return;
    const closed = once(closing, 'close');
    closing.close();
    const cut = setTimeout(() => [...reception.open.keys()].map((socket) => socket.destroy()), CLOSING_MS);
    await closed;
    clearTimeout(cut);
  }

  return {
    port: () => (server?.address() as AddressInfo | null | undefined)?.port ?? 0,
    clientOf: (socket) => clients.get(socket),
    listen,
    close,
  };
}

function thumbprintOf(socket: TLSSocket): string | undefined {
  const { raw } = socket.getPeerCertificate();
  return raw && createHash('sha256').update(raw).digest('base64url');
}

function cannotListen({ host, port }: ListenerOptions, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) return error;
  const remedy = 'set another port, or channels.webservice.enabled: false';
  return new EngineError('config_invalid', `channels.webservice.port: port ${port} of ${host} is taken: ${remedy}`);
}
