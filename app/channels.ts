import { join } from 'node:path';
import { createDropFolders } from '../channels/drop/service.ts';
import { createFtpServer } from '../channels/ftp/server.ts';
import { createSftpServer } from '../channels/sftp/server.ts';
import { createWebservice, type PeopleOptions } from '../channels/webservice/server.ts';
import { createRanges, parseCidr } from '../engine/core/cidr.ts';
import type { Service } from '../engine/core/service.ts';
import { createReceiver, type Receiver } from '../engine/intake/receive.ts';
import { createVerifyPart, type RevocationPolicyOf } from '../engine/intake/verify-part.ts';
import { createFolders, type FoldersOf } from '../engine/landing/create-folders.ts';
import { loadIdentity } from '../engine/outbound/identity.ts';
import type { Trust } from '../engine/pki/trust.ts';
import { createAuthenticate } from '../engine/registry/authenticate.ts';
import { createAuthenticatePassword } from '../engine/registry/authenticate-password.ts';
import { createCertificateJudge } from '../engine/registry/judge-certificate.ts';
import { createLoginDefence, type LoginDefence } from '../engine/registry/login-defence.ts';
import { createNetworks } from '../engine/registry/networks.ts';
import { findSender, mayConnect } from '../engine/registry/senders.ts';
import { createStandingWatch, type StandingWatch } from '../engine/registry/standing-watch.ts';
import type { Base, Materials } from './base.ts';
import { loadMailboxes } from './mailboxes.ts';
import { openRevocation } from './revocation.ts';
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
    verify: createVerifyPart({ ...base, trust, policy, revocation: revocationPolicy(base, trust) }),
    wake,
  });
}

function revocationPolicy({ config }: Base, trust: Trust): RevocationPolicyOf {
  const { unknown } = config.trust.revocation;
  const check = openRevocation(config.trust, trust);
  return (environment) => ({ check, unknown: unknown[environment] });
}

/** Every channel that is enabled. Throws config_invalid. */
export async function createChannels(base: Base, materials: Materials, receiver: Receiver): Promise<Service[]> {
  const { sftp, ftp, webservice, drop } = base.config.channels;
  const { filesPerFolder: folderFiles, ...sizes } = base.config.landing;
  // one for all channels: they share its limits
  const foldersOf = createFolders({ ...base, onArrival: receiver.receive, limits: { ...sizes, folderFiles } });
  const watch = createStandingWatch(base);
  const parts = { foldersOf, watch, defence: createDefence(base) };
  return [
    watch,
    ...(sftp.enabled ? [createSftp(base, materials, parts)] : []),
    ...(ftp.enabled ? [await createFtp(base, parts)] : []),
    ...(webservice.enabled ? [await createWeb(base, materials, parts)] : []),
    ...(drop.enabled && Object.keys(drop.directories).length > 0 ? [createDrop(base, foldersOf)] : []),
  ];
}

/** What all channels share. */
interface Parts {
  readonly foldersOf: FoldersOf;
  readonly defence: LoginDefence;
  readonly watch: StandingWatch;
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

async function createWeb(base: Base, { trust }: Materials, parts: Parts): Promise<Service> {
  const { config, clock } = base;
  const { host, port, publicUrl, networks, proxies, certificate, key, ...rest } = config.channels.webservice;
  const { idle, authTimeout, tokenLife, longestWait, requestsPerMinute, clientCertificates, ...counts } = rest;
  const pki = { dir: join(config.dataDir, 'pki'), commonName: config.identity.commonName, now: clock() };
  return createWebservice({
    people: peopleOptions(base, trust),
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

/** What people of organisations find: how they sign in, and what they choose from. */
function peopleOptions(base: Base, trust: Trust): PeopleOptions {
  const { access, goals, networks, intake } = base.config;
  const qualities = Object.entries(access.qualities);
  const providers = Object.entries(access.oidc).map(([name, { clientSecret, ...provider }]) => {
    return [name, { ...provider, ...(clientSecret !== undefined && { clientSecret }) }] as const;
  });
  return {
    sessionLifeMs: access.sessionLife,
    oidc: Object.fromEntries(providers),
    qualities: qualities.map(([code]) => code),
    choices: {
      ...{ goals: Object.keys(goals), networks: Object.keys(networks) },
      localAuthorities: qualities.flatMap(([code, { localAuthority }]) => (localAuthority ? [code] : [])),
      minRsaBits: intake.signature.allow.includes('rsa1024') ? 1024 : 2048,
      judge: createCertificateJudge({ ...base, trust, rules: intake.signature }),
    },
  };
}

function createDrop(base: Base, foldersOf: FoldersOf): Service {
  const { config, db } = base;
  const { directories, mode, look: lookMs, poll: pollMs, places } = config.channels.drop;
  return createDropFolders({
    ...base,
    directories,
    foldersOf,
    isServed: async (sender) => mayConnect(await findSender(db, sender), 'drop'),
    limits: { names: config.landing.filesPerFolder, fileBytes: config.landing.fileBytes },
    waitMs: config.intake.waitForGo,
    mode: Number.parseInt(mode, 8),
    lookMs,
    pollMs,
    places,
    alone: config.broker.url === 'embedded',
  });
}
