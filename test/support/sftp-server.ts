import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadHostKeys } from '../../channels/sftp/host-keys.ts';
import { createSftpServer, type SftpServerOptions } from '../../channels/sftp/server.ts';
import { type Clock, systemClock } from '../../engine/core/clock.ts';
import { type Logger, silentLogger } from '../../engine/core/logger.ts';
import { noTelemetry } from '../../engine/core/telemetry.ts';
import { createFolders } from '../../engine/landing/create-folders.ts';
import type { Arrival, OnArrival } from '../../engine/landing/folders.ts';
import type { LandingLimits } from '../../engine/landing/limits.ts';
import { createLoginDefence } from '../../engine/registry/login-defence.ts';
import type { ScorePolicy } from '../../engine/registry/login-score.ts';
import { parseSshKey } from '../../engine/registry/ssh-keys.ts';
import { type BlobStore, createBlobStore } from '../../engine/store/blobs.ts';
import { type Db, openStore } from '../../engine/store/database.ts';
import { migrate } from '../../engine/store/migrate.ts';

/** A sender of a test server: its number, its login, and the line of its public key. */
export interface TestSender {
  readonly number: string;
  readonly login: string;
  readonly publicKey: string;
}

export interface TestSftpOptions {
  readonly senders: readonly TestSender[];
  readonly onArrival?: OnArrival;
  readonly landing?: Partial<LandingLimits>;
  readonly limits?: SftpServerOptions['limits'];
  readonly log?: Logger;
  /** Failed logins that are borne; any number when absent. */
  readonly logins?: ScorePolicy;
  readonly isProxy?: SftpServerOptions['isProxy'];
  readonly isWelcome?: SftpServerOptions['isWelcome'];
  readonly clock?: Clock;
  /** Waited for before a login is looked up. */
  readonly beforeLookUp?: () => Promise<void>;
  /** Where the store and the blobs go; a directory of its own when absent. */
  readonly dir?: string;
}

/** A running SFTP server with a store of its own. */
export interface TestSftpServer {
  readonly port: number;
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly dir: string;
  /** Every GO and TD that arrived. */
  readonly arrivals: Arrival[];
  stop(): Promise<void>;
}

/** Starts an SFTP server on a free port of 127.0.0.1 with the real folders, store and log-in rules. */
export async function startSftpServer(options: TestSftpOptions): Promise<TestSftpServer> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'bode-sftp-')));
  const { log = silentLogger(), clock = systemClock } = options;
  const db = openStore({ url: `sqlite:${join(dir, 'bode.sqlite')}` });
  await migrate(db);
  const blobs = createBlobStore({ dir: join(dir, 'blobs'), log });
  const arrivals: Arrival[] = [];
  const onArrival: OnArrival = async (arrival) => {
    arrivals.push(arrival);
    await options.onArrival?.(arrival);
  };
  const foldersOf = createFolders({ db, blobs, clock, log, onArrival, limits: options.landing ?? {} });
  const server = createSftpServer({
    host: '127.0.0.1',
    port: 0,
    hostKeys: await loadHostKeys(join(dir, 'keys')),
    authenticate: authenticator(options),
    defence: createLoginDefence({ db, clock, log, telemetry: noTelemetry, policy: options.logins ?? ANY_NUMBER }),
    ...(options.isProxy && { isProxy: options.isProxy }),
    ...(options.isWelcome && { isWelcome: options.isWelcome }),
    foldersOf,
    clock,
    log,
    limits: options.limits ?? {},
  });
  await server.start();
  async function stop(): Promise<void> {
    await server.stop();
    await db.destroy();
    if (!options.dir) await rm(dir, { recursive: true, force: true });
  }
  return { port: server.port(), db, blobs, dir, arrivals, stop };
}

const ANY_NUMBER = { perAddress: 1e9, perAddressAndLogin: 1e9, perLogin: 1e9, halfLifeMs: 600_000 };

function authenticator({ senders, beforeLookUp }: TestSftpOptions): SftpServerOptions['authenticate'] {
  return async (login, blob) => {
    await beforeLookUp?.();
    return senders.find((sender) => sender.login === login && parseSshKey(sender.publicKey).blob.equals(blob));
  };
}
