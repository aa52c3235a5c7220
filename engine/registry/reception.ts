import type { Socket } from 'node:net';
import { type Origin, originOf } from '../core/origin.ts';
import { admitStartup, type StartupLimits } from '../core/startups.ts';
import type { LoginDefence } from './login-defence.ts';
import type { RefusalReason } from './refusals.ts';

/** A connection that a channel serves, or is about to. */
export interface Guest<C> {
  readonly socket: Socket;
  /** Absent until it is known where it comes from. */
  origin?: Origin;
  /** Absent until it is served. */
  connection?: C;
}

export interface ReceptionLimits extends StartupLimits {
  readonly connections: number;
  readonly connectionsPerSender: number;
  readonly authTimeoutMs: number;
}

export interface ReceptionOptions {
  readonly channel: string;
  readonly limits: ReceptionLimits;
  readonly defence: LoginDefence;
  /** Whether a peer at this address is a proxy that says where its clients are. */
  readonly isProxy: (address: string) => boolean;
  /** Whether the channel takes anybody from this address: it may be bound to fixed links. */
  readonly isWelcome: (address: string) => boolean;
}

/** Decides about connections before anything is said to them, for any channel over TCP; what it refuses is logged and counted. */
export interface Reception<C> {
  /** All that are open. */
  readonly open: ReadonlyMap<Socket, Guest<C>>;
  /** Takes a connection in, and cuts it off when it has not logged in in time; undefined when it was turned away. */
  takeIn(socket: Socket): Promise<Guest<C> | undefined>;
  /** Counts a login until the connection closes; false when its sender has too many. */
  takePlace(sender: string, socket: Socket): boolean;
}

/** A reception without guests. */
export function createReception<C extends { authenticated(): boolean }>(options: ReceptionOptions): Reception<C> {
  const { channel, limits, defence, isProxy, isWelcome } = options;
  const open = new Map<Socket, Guest<C>>();
  const logins = new Map<string, number>();

  function turnAway(socket: Socket, reason: RefusalReason, address = socket.remoteAddress ?? ''): undefined {
    defence.note({ channel, address }, reason);
    socket.destroy();
  }

  function enter(socket: Socket): Guest<C> {
    const guest: Guest<C> = { socket };
    open.set(socket, guest);
    const timer = setTimeout(() => {
      if (!guest.connection?.authenticated()) turnAway(socket, 'no login in time', guest.origin?.address);
    }, limits.authTimeoutMs);
    socket.once('close', () => {
      clearTimeout(timer);
      open.delete(socket);
    });
    return guest;
  }

  /** Those who have not logged in; of whom a proxy has not yet spoken, nobody can tell whose places they take. */
  function waiting(): { address: string; socket: Socket }[] {
    return [...open.values()].flatMap(({ socket, origin, connection }) =>
      origin && !socket.destroyed && !connection?.authenticated() ? [{ address: origin.address, socket }] : [],
    );
  }

  function hasRoomFor(address: string): boolean {
    const admission = admitStartup(waiting(), address, limits);
    if (admission.kind === 'replace') {
      turnAway(admission.drop.socket, 'gave way to another connection', admission.drop.address);
    }
    return admission.kind !== 'refuse';
  }

  async function takeIn(socket: Socket): Promise<Guest<C> | undefined> {
    socket.on('error', () => undefined); // whoever serves it tells of it
    if (!socket.remoteAddress) return void socket.destroy(); // it has closed already
    if (open.size >= limits.connections) return turnAway(socket, 'too many connections');
    const guest = enter(socket);
    const origin = await originOf(socket, isProxy);
    if (typeof origin === 'string') return turnAway(socket, origin);
    const { address } = origin;
    if (!isWelcome(address)) return turnAway(socket, 'not from a fixed link of the channel', address);
    if (!hasRoomFor(address)) return turnAway(socket, 'too many connections that have not logged in', address);
    guest.origin = origin;
    if (await defence.admits({ channel, address })) return socket.destroyed ? undefined : guest;
    return void socket.destroy();
  }

  function takePlace(sender: string, socket: Socket): boolean {
    const taken = logins.get(sender) ?? 0;
    // a socket that has closed says so only once: its place would never be free again
    if (socket.destroyed || taken >= limits.connectionsPerSender) return false;
    logins.set(sender, taken + 1);
    socket.once('close', () => {
      const left = (logins.get(sender) ?? 1) - 1;
      if (left > 0) logins.set(sender, left);
      else logins.delete(sender);
    });
    return true;
  }

  return { open, takeIn, takePlace };
}
