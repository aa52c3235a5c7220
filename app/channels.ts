import { createSftpServer } from '../channels/sftp/server.ts';
import type { Service } from '../engine/core/service.ts';
import { createReceiver, type Receiver } from '../engine/intake/receive.ts';
import { createVerifyPart } from '../engine/intake/verify-part.ts';
import { createFolders } from '../engine/landing/create-folders.ts';
import { createAuthenticate } from '../engine/registry/authenticate.ts';
import { findSender } from '../engine/registry/senders.ts';
import type { Base, Materials } from './base.ts';

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

/** Every channel that is enabled. */
export function createChannels(base: Base, materials: Materials, receiver: Receiver): Service[] {
  return base.config.channels.sftp.enabled ? [createSftp(base, materials, receiver)] : [];
}

function createSftp(base: Base, { hostKeys }: Materials, receiver: Receiver): Service {
  const { config, db } = base;
  const { host, port, idle, authTimeout, enabled: _, ...counts } = config.channels.sftp;
  const { filesPerFolder: folderFiles, ...sizes } = config.landing;
  return createSftpServer({
    ...base,
    host,
    port,
    hostKeys,
    authenticate: createAuthenticate(db, 'sftp'),
    foldersOf: createFolders({ ...base, onArrival: receiver.receive, limits: { ...sizes, folderFiles } }),
    limits: { ...counts, idleMs: idle, authTimeoutMs: authTimeout },
  });
}
