import { once } from 'node:events';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { plainAddress } from '../../engine/core/cidr.ts';
import { messageOf } from '../../engine/core/errors.ts';
import type { Logger } from '../../engine/core/logger.ts';
import type { Origin } from '../../engine/core/origin.ts';
import { MEMBERS, OPEN } from './commands/table.ts';
import { failureReply } from './failures.ts';
import { type CommandLine, createLines } from './lines.ts';
import type { FtpContext, FtpDeps, FtpState } from './session.ts';

/** One client's control connection. */
export interface ControlConnection {
  authenticated(): boolean;
  /** Ends it: what is being uploaded is kept as partial. Resolves when nothing of it runs any more. */
  end(): Promise<void>;
}

export interface ControlOptions {
  readonly socket: Socket;
  readonly origin: Origin;
  /** Encrypted from the first byte. */
  readonly implicit: boolean;
  readonly deps: FtpDeps;
  /** Counts a login until the connection closes; false when the sender has too many. */
  readonly admit: (sender: string) => boolean;
}

const UNSENT_BYTES = 64 * 1024; // replies that the client does not read
const LOGIN_BYTES = 16 * 1024; // what a client may send before it has logged in
const CONFIRM_EVERY_MS = 30_000;

/** Serves one client: commands one after the other; ABOR and STAT also while a transfer runs. */
export function serveControl({ socket, origin, implicit, deps, admit }: ControlOptions): ControlConnection {
  const localAddress = plainAddress(socket.localAddress ?? '');
  const lines = createLines();
  const state: FtpState = {
    ...{ login: '', failures: 0, guest: undefined, folder: undefined, restartAt: 0 },
    ...{ renaming: undefined, privateData: implicit, door: undefined },
  };
  const closed = new AbortController();
  const idle = setTimeout(() => giveUp('idle'), deps.limits.idleMs);
  let current: Socket = socket;
  let running: Promise<void> | undefined;
  let transferring: AbortController | undefined;
  let loginBytes = 0;
  let confirmedAt = deps.clock().getTime();
  let leave: (() => void) | undefined;
  const stranger = deps.log.child({ remote: origin.address });
  let known: Logger | undefined;
  let fixedLink: boolean | undefined;

  function log(): Logger {
    if (!state.guest) return stranger;
    known ??= stranger.child({ sender: state.guest.number });
    return known;
  }

  function reply(code: number, ...texts: readonly string[]): void {
    const last = texts.length - 1;
    const text = texts.map((line, at) => {
      if (at === last) return `${code} ${line}`;
      return at === 0 ? `${code}-${line}` : line;
    });
    if (current.writable) current.write(`${text.join('\r\n')}\r\n`);
    if (current.writableLength > UNSENT_BYTES) current.destroy();
  }

  function giveUp(reason: string): void {
    if (closed.signal.aborted) return;
    log().info({ reason }, 'ftp connection closed');
    reply(421, 'closing');
    abandon();
    end();
  }

  /** Takes no more commands, and breaks a transfer off. */
  function abandon(): void {
    closed.abort();
    transferring?.abort();
  }

  function end(): void {
    current.destroySoon();
  }

  async function startTls(): Promise<void> {
    const plain = current;
    plain.off('data', receive);
    plain.pause();
    lines.clear();
    while (plain.read() !== null); // sent before it could be encrypted: nothing of it counts (CVE-2011-0411)
    await new Promise<void>((sent) => plain.write('234 go on with TLS\r\n', () => sent()));
    attach(new TLSSocket(plain, { isServer: true, secureContext: deps.tls() }));
  }

  function attach(next: Socket): void {
    current = next;
    next.on('data', receive);
    next.on('error', (error) => log().info({ reason: messageOf(error) }, 'ftp connection failed'));
    next.on('close', () => void finish());
  }

  function receive(bytes: Buffer): void {
    idle.refresh();
    loginBytes += bytes.length;
    if (!state.guest && loginBytes > LOGIN_BYTES) giveUp('too much before the login');
    try {
      lines.push(bytes);
    } catch (error) {
      reply(500, messageOf(error));
      giveUp('not FTP');
    }
    if (closed.signal.aborted) return;
    if (transferring && lines.remove('STAT')) reply(213, 'a transfer is under way');
    if (transferring && lines.remove('ABOR')) void abort(transferring);
    running ??= run().finally(() => {
      running = undefined;
    });
  }

  /** The transfer says that it was broken off; then ABOR has its own reply (RFC 959). */
  async function abort(transfer: AbortController): Promise<void> {
    transfer.abort();
    await once(transfer.signal, 'over').catch(() => undefined);
    reply(226, 'broken off');
  }

  async function run(): Promise<void> {
    for (let line = lines.next(); line && !closed.signal.aborted; line = lines.next()) {
      await carryOut(line);
      transferring?.signal.dispatchEvent(new Event('over'));
      transferring = undefined;
      idle.refresh();
    }
  }

  async function carryOut({ verb, argument }: CommandLine): Promise<void> {
    const command = OPEN.get(verb) ?? (state.guest ? MEMBERS.get(verb) : undefined);
    try {
      if (!command) refuse(verb);
      else if (await isWelcome()) await command(context, argument);
      else giveUp('login withdrawn');
    } catch (error) {
      const { code, text } = failureReply(error, log());
      reply(code, text);
    }
  }

  function refuse(verb: string): void {
    if (MEMBERS.has(verb)) reply(530, 'log in first');
    else reply(500, 'this command is not known; HELP lists those that are');
  }

  /** Asks the store at most once in 30 seconds whether the login still holds. */
  async function isWelcome(): Promise<boolean> {
    const now = deps.clock().getTime();
    if (!state.guest || now - confirmedAt < CONFIRM_EVERY_MS) return true;
    confirmedAt = now;
    return state.guest.stillHolds();
  }

  /** False while the login is still under way. */
  async function confirm(): Promise<boolean> {
    if (state.guest && !(await state.guest.stillHolds())) giveUp('login withdrawn');
    return state.guest !== undefined;
  }

  function enter(sender: string): boolean {
    if (!admit(sender)) return false;
    leave ??= deps.watch?.join(sender, confirm);
    return true;
  }

  async function finish(): Promise<void> {
    leave?.();
    clearTimeout(idle);
    abandon();
    state.door?.close();
    await running;
  }

  const context: FtpContext = {
    ...{ state, deps, log, origin, localAddress, reply, startTls, end, admit: enter },
    isEncrypted: () => current instanceof TLSSocket,
    comesByFixedLink: () => (fixedLink ??= deps.isFixedLink(origin.address)),
    transferSignal() {
      transferring = new AbortController();
      if (closed.signal.aborted) transferring.abort();
      return transferring.signal;
    },
  };

  attach(implicit ? new TLSSocket(socket, { isServer: true, secureContext: deps.tls() }) : socket);
  reply(220, 'Bode');
  return {
    authenticated: () => state.guest !== undefined,
    async end() {
      reply(421, 'the server is stopping');
      abandon();
      await running;
      end();
    },
  };
}
