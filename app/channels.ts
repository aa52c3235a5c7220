import { createDropFolders } from '../channels/drop/service.ts';
import { createFtpServer } from '../channels/ftp/server.ts';
import { createSftpServer } from '../channels/sftp/server.ts';
import type { Service } from '../engine/core/service.ts';
import { createReceiver, type Receiver } from '../engine/intake/receive.ts';
import { createVerifyPart } from '../engine/intake/verify-part.ts';
import { createFolders, type FoldersOf } from '../engine/landing/create-folders.ts';
import { createAuthenticate } from '../engine/registry/authenticate.ts';
import { createAuthenticatePassword } from '../engine/registry/authenticate-password.ts';
import { createNetworks } from '../engine/registry/networks.ts';
import { findSender } from '../engine/registry/senders.ts';
import type { Base, Materials } from './base.ts';
import { loadTls } from './tls.ts';

/** The one place where submissions begin, for every channel and for what a crash left in the folders. */
export function createIntake(base: Base, { trust }: Materials, wake: () => void): Receiver {
  const { config, db } = base;
  const policy = { ...config.intake.signature, maxBytes: config.intake.fsBytes };
  return createReceiver({
    ...base,
    goals: config.goals,
    senderOf: (number) => findSender(db, number),
    verify: createVerifyPart({ ...base, trust, policy }),
    wake,
  });
}

/** Every channel that is enabled. Throws config_invalid. */
export async function createChannels(base: Base, materials: Materials, receiver: Receiver): Promise<Service[]> {
  const { sftp, ftp, drop } = base.config.channels;
  const { filesPerFolder: folderFiles, ...sizes } = base.config.landing;
  // one for all channels: they share its limits
  const foldersOf = createFolders({ ...base, onArrival: receiver.receive, limits: { ...sizes, folderFiles } });
  return [
    ...(sftp.enabled ? [createSftp(base, materials, foldersOf)] : []),
    ...(ftp.enabled ? [await createFtp(base, foldersOf)] : []),
    ...(drop.enabled && Object.keys(drop.directories).length > 0 ? [createDrop(base, foldersOf)] : []),
  ];
}

function createSftp(base: Base, { hostKeys }: Materials, foldersOf: FoldersOf): Service {
  const { config, db } = base;
  const { host, port, idle, authTimeout, enabled: _, ...counts } = config.channels.sftp;
  return createSftpServer({
    ...base,
    host,
    port,
    hostKeys,
    authenticate: createAuthenticate(db, 'sftp'),
    foldersOf,
    limits: { ...counts, idleMs: idle, authTimeoutMs: authTimeout },
  });
}

async function createFtp(base: Base, foldersOf: FoldersOf): Promise<Service> {
  const { config, db } = base;
  const { host, port, implicitPort, publicAddress, passivePorts, idle, authTimeout, ...rest } = config.channels.ftp;
  const { certificate, key, enabled: _, ...counts } = rest;
  const networks = createNetworks(config.networks);
  return createFtpServer({
    ...base,
    host,
    port,
    implicitPort,
    publicAddress,
    passivePorts,
    foldersOf,
    authenticate: createAuthenticatePassword(db, 'ftp', networks),
    isFixedLink: networks.hasAny,
    tls: await loadTls(base, { certificate, key }),
    limits: { ...counts, idleMs: idle, authTimeoutMs: authTimeout },
  });
}

function createDrop(base: Base, foldersOf: FoldersOf): Service {
  const { config, db } = base;
  const { directories, mode, look: lookMs, poll: pollMs, places } = config.channels.drop;
  return createDropFolders({
    ...base,
    directories,
    foldersOf,
    isServed: async (sender) => (await findSender(db, sender))?.channels.includes('drop') ?? false,
    limits: { names: config.landing.filesPerFolder, fileBytes: config.landing.fileBytes },
    waitMs: config.intake.waitForGo,
    mode: Number.parseInt(mode, 8),
    lookMs,
    pollMs,
    places,
    alone: config.broker.url === 'embedded',
  });
}
