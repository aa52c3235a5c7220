import { join } from 'node:path';
import { createDropFolders } from '../channels/drop/service.ts';
import { createFtpServer } from '../channels/ftp/server.ts';
import { createSftpServer } from '../channels/sftp/server.ts';
import { createWebservice } from '../channels/webservice/server.ts';
import { createRanges, parseCidr } from '../engine/core/cidr.ts';
import type { Service } from '../engine/core/service.ts';
import { createReceiver, type Receiver } from '../engine/intake/receive.ts';
import { createVerifyPart } from '../engine/intake/verify-part.ts';
import { createFolders, type FoldersOf } from '../engine/landing/create-folders.ts';
import { loadIdentity } from '../engine/outbound/identity.ts';
import { createAuthenticate } from '../engine/registry/authenticate.ts';
import { createAuthenticatePassword } from '../engine/registry/authenticate-password.ts';
import { createLoginDefence, type LoginDefence } from '../engine/registry/login-defence.ts';
import { createNetworks } from '../engine/registry/networks.ts';
import { findSender } from '../engine/registry/senders.ts';
import type { Base, Materials } from './base.ts';
import { loadMailboxes } from './mailboxes.ts';
import { loadTls } from './tls.ts';

const GRACE_MS = 10_000;

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
  const { sftp, ftp, webservice, drop } = base.config.channels;
  const { filesPerFolder: folderFiles, ...sizes } = base.config.landing;
  // one for all channels: they share its limits
  const foldersOf = createFolders({ ...base, onArrival: receiver.receive, limits: { ...sizes, folderFiles } });
  const parts = { foldersOf, defence: createDefence(base) };
  return [
    ...(sftp.enabled ? [createSftp(base, materials, parts)] : []),
    ...(ftp.enabled ? [await createFtp(base, parts)] : []),
    ...(webservice.enabled ? [await createWeb(base, parts)] : []),
    ...(drop.enabled && Object.keys(drop.directories).length > 0 ? [createDrop(base, foldersOf)] : []),
  ];
}

/** What all channels share. */
interface Parts {
  readonly foldersOf: FoldersOf;
  readonly defence: LoginDefence;
}

function createDefence(base: Base): LoginDefence {
  const { allow, halfLife: halfLifeMs, ...policy } = base.config.logins;
  return createLoginDefence({ ...base, allow, policy: { ...policy, halfLifeMs } });
}

/** Who is let through to a channel's door, from its configuration. */
function reception(base: Base, { networks, proxies }: { networks: readonly string[]; proxies: readonly string[] }) {
  const links = createNetworks(base.config.networks);
  return {
    isProxy: createRanges(proxies.flatMap((text) => parseCidr(text) ?? [])),
    isWelcome: (address: string) => networks.length === 0 || networks.some((name) => links.has(name, address)),
  };
}

function createSftp(base: Base, { hostKeys }: Materials, parts: Parts): Service {
  const { config, db } = base;
  const { host, port, idle, authTimeout, networks, proxies, enabled: _, ...counts } = config.channels.sftp;
  return createSftpServer({
    ...base,
    ...parts,
    ...reception(base, { networks, proxies }),
    host,
    port,
    hostKeys,
    authenticate: createAuthenticate(db, 'sftp'),
    limits: { ...counts, idleMs: idle, authTimeoutMs: authTimeout },
  });
}

async function createFtp(base: Base, parts: Parts): Promise<Service> {
  const { config, db } = base;
  const { host, port, implicitPort, publicAddress, passivePorts, idle, authTimeout, ...rest } = config.channels.ftp;
  const { certificate, key, networks: bound, proxies, proxiesData, enabled: _, ...counts } = rest;
  const networks = createNetworks(config.networks);
  return createFtpServer({
    ...base,
    ...parts,
    ...reception(base, { networks: bound, proxies }),
    proxiesData,
    host,
    port,
    implicitPort,
    publicAddress,
    passivePorts,
    authenticate: createAuthenticatePassword(db, 'ftp', networks),
    isFixedLink: networks.hasAny,
    tls: await loadTls(base, { certificate, key }),
    limits: { ...counts, idleMs: idle, authTimeoutMs: authTimeout },
  });
}

async function createWeb(base: Base, parts: Parts): Promise<Service> {
  const { config, clock } = base;
  const { host, port, publicUrl, networks, proxies, certificate, key, ...rest } = config.channels.webservice;
  const { idle, authTimeout, tokenLife, longestWait, requestsPerMinute, clientCertificates, ...counts } = rest;
  const pki = { dir: join(config.dataDir, 'pki'), commonName: config.identity.commonName, now: clock() };
  return createWebservice({
    ...base,
    ...parts,
    ...reception(base, { networks, proxies }),
    ...{ host, port, clientCertificates, requestsPerMinute },
    mailboxes: await loadMailboxes(base, await loadIdentity(pki)),
    publicUrl: publicUrl.replace(/\/+$/, ''),
    identity: await loadIdentity({ ...pki, name: 'tokens' }),
    tls: await loadTls(base, { certificate, key }),
    fileBytes: config.landing.fileBytes,
    tokenLifeMs: tokenLife,
    longestWaitMs: longestWait,
    idleMs: Math.max(idle, longestWait + GRACE_MS), // who waits for news is not idle
    limits: { ...counts, authTimeoutMs: authTimeout },
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
