import type { ServerChannel, Session } from 'ssh2';

/** The channels of one connection, counted from their opening to their end. */
export interface Channels {
  /** False when no more may be open. */
  hasRoom(): boolean;
  /** Counts a channel that has just been opened; `onSftp` gets the stream when the client starts SFTP on it. */
  add(session: Session): void;
  /** Bytes that wait to be read, on the channel that has most. */
  unreadBytes(): number;
  /** Stops waiting for what clients have yet to start. */
  clear(): void;
}

/** An SFTP session on a channel. */
export interface RunningSession {
  mute(): void;
  abort(): Promise<void>;
}

export interface ChannelsOptions {
  /** Channels open at a time. */
  readonly limit: number;
  /** Milliseconds within which a client has to start SFTP on a channel. */
  readonly patienceMs: number;
  readonly startSftp: (channel: ServerChannel) => RunningSession;
  /** Called when a client opens channels and does nothing with them: the library cannot close those, only the connection. */
  readonly onUnused: () => void;
}

const UNUSED = 100; // the library keeps something of each channel that ends without a subsystem

/** Starts without channels. */
export function createChannels({ limit, patienceMs, startSftp, onUnused }: ChannelsOptions): Channels {
  const open = new Set<Session>();
  const streams = new Set<ServerChannel>();
  const timers = new Map<Session, NodeJS.Timeout>();
  let unused = 0;

  function add(session: Session): void {
    open.add(session);
    timers.set(session, setTimeout(onUnused, patienceMs));
    let running: RunningSession | undefined;
    // nothing but the subsystem is listened to: shell, exec, environment, terminal, X11 and agent are refused by the library
    session.on('subsystem', (accept, reject: (() => void) | undefined, { name }) => {
      if (name === 'sftp' && !running) running = start(session, accept());
      else reject?.(); // absent when the client wants no answer
    });
    session.once('close', () => {
      if (running) running.mute();
      else endUnused(session);
    });
  }

  function start(session: Session, channel: ServerChannel | undefined): RunningSession | undefined {
    if (!channel) return undefined; // the client has ended the channel already
    stopTimer(session);
    streams.add(channel);
    const running = startSftp(channel);
    channel.on('close', () => {
      void running.abort().finally(() => {
        streams.delete(channel);
        open.delete(session);
      });
    });
    return running;
  }

  function endUnused(session: Session): void {
    stopTimer(session);
    open.delete(session);
    unused += 1;
    if (unused >= UNUSED) onUnused();
  }

  function stopTimer(session: Session): void {
    clearTimeout(timers.get(session));
    timers.delete(session);
  }

  return {
    hasRoom: () => open.size < limit,
    add,
    unreadBytes() {
      let most = 0;
      for (const { readableLength } of streams) most = Math.max(most, readableLength);
      return most;
    },
    clear() {
      for (const session of timers.keys()) stopTimer(session);
    },
  };
}
