import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Clock } from '../../engine/core/clock.ts';
import type { Logger } from '../../engine/core/logger.ts';
import type { Origin } from '../../engine/core/origin.ts';
import type { FolderName, Folders } from '../../engine/landing/folders.ts';
import type { Place } from '../../engine/landing/paths.ts';
import type { LoginDefence } from '../../engine/registry/login-defence.ts';
import type { ReceptionLimits } from '../../engine/registry/reception.ts';
import type { RefusalReason } from '../../engine/registry/refusals.ts';
import type { StandingWatch } from '../../engine/registry/standing-watch.ts';
import type { DataDoor, PassivePorts } from './data-door.ts';

export type FilePlace = Extract<Place, { kind: 'file' }>;

/** Who logs in, and how. */
export interface LoginAttempt {
  readonly login: string;
  readonly password: string;
  readonly address: string;
  readonly encrypted: boolean;
}

/** How a login ended; the reason is for the log and the metrics only. */
export type LoginOutcome =
  | { readonly kind: 'accepted'; readonly number: string; readonly stillHolds: () => Promise<boolean> }
  | { readonly kind: 'refused'; readonly reason: RefusalReason };

/** What one client, or all together, may take. */
export interface FtpLimits extends ReceptionLimits {
  readonly idleMs: number;
  readonly authAttempts: number;
}

/** What every control connection gets from the server. */
export interface FtpDeps {
  readonly authenticate: (attempt: LoginAttempt) => Promise<LoginOutcome>;
  readonly defence: LoginDefence;
  readonly foldersOf: (sender: { readonly number: string; readonly channel: string }) => Folders;
  /** Whether a client at this address may go without encryption: it comes over a fixed link. */
  readonly isFixedLink: (address: string) => boolean;
  /** Whether a peer at this address is a load balancer that sends the PROXY protocol. */
  readonly isProxy: (address: string) => boolean;
  /** Whether the data connections of clients behind a load balancer come through it, too. */
  readonly proxiesData: boolean;
  /** Ends logins that do not hold any more; absent: each looks by itself. */
  readonly watch?: Pick<StandingWatch, 'join'>;
  readonly tls: () => SecureContext;
  readonly passivePorts: PassivePorts;
  /** IPv4 address that clients are told for data; empty: the one that they came to. */
  readonly publicAddress: string;
  readonly limits: FtpLimits;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The sender who has logged in. */
export interface Guest {
  readonly number: string;
  readonly folders: Folders;
  readonly stillHolds: () => Promise<boolean>;
}

/** What a control connection knows of its client; commands change it. */
export interface FtpState {
  login: string;
  failures: number;
  guest: Guest | undefined;
  /** The working directory; undefined is the root. */
  folder: FolderName | undefined;
  /** Where the next transfer begins (REST). */
  restartAt: number;
  /** What RNFR has named. */
  renaming: FilePlace | undefined;
  /** Whether data connections are encrypted (PROT P). */
  privateData: boolean;
  door: DataDoor | undefined;
}

/** What a command works on. */
export interface FtpContext {
  readonly state: FtpState;
  readonly deps: FtpDeps;
  /** Names the sender once there is one. */
  log(): Logger;
  /** Where the client is, and how it came. */
  readonly origin: Origin;
  /** The server's own end of the connection. */
  readonly localAddress: string;
  isEncrypted(): boolean;
  /** Whether the client may go without encryption. */
  comesByFixedLink(): boolean;
  /** Sends a reply; of several lines, the first and the last carry the code. */
  reply(code: number, ...lines: readonly string[]): void;
  /** Begins to encrypt; whatever came before is dropped. */
  startTls(): Promise<void>;
  /** Counts the login; false when the sender has too many connections. */
  admit(sender: string): boolean;
  /** Aborted by ABOR, and when the connection ends. */
  transferSignal(): AbortSignal;
  /** Sends what waits and closes. */
  end(): void;
}

/** One command; it sends its replies itself. What it throws becomes a reply. */
export type Command = (context: FtpContext, argument: Buffer) => Promise<void>;

/** A connection for data, encrypted when the client has asked for it. */
export type DataSocket = Socket;
