import { join } from 'node:path';
import { createMetrics } from './channels/observe/metrics.ts';
import { createObserveServer } from './channels/observe/server.ts';
import { loadHostKeys } from './channels/sftp/host-keys.ts';
import { createSftpServer } from './channels/sftp/server.ts';
import type { Config } from './config/load.ts';
import type { Broker, Delivery, Settle } from './engine/broker/broker.ts';
import { createEmbeddedBroker } from './engine/broker/embedded.ts';
import { brokerCheck, outboxCheck } from './engine/broker/health.ts';
import { connectRabbitMq } from './engine/broker/rabbitmq.ts';
import { createRelay, type Relay } from './engine/broker/relay.ts';
import { createSettle } from './engine/broker/settle.ts';
import { createWorker, type WorkerDeps } from './engine/broker/worker.ts';
import { type Clock, systemClock } from './engine/core/clock.ts';
import { healthOf } from './engine/core/health.ts';
import type { Logger } from './engine/core/logger.ts';
import { group, periodic, type Service } from './engine/core/service.ts';
import { noteFailure } from './engine/intake/dead-letter-desk.ts';
import { createSetExpiry } from './engine/intake/expire-sets.ts';
import { giveUp } from './engine/intake/give-up.ts';
import { createReceiver, type Receiver } from './engine/intake/receive.ts';
import { loadTrust, type Trust } from './engine/intake/trust.ts';
import { createVerifyPart } from './engine/intake/verify-part.ts';
import { createFolders } from './engine/landing/create-folders.ts';
import { sweepParts } from './engine/landing/sweep.ts';
import { answersPipeline } from './engine/outbound/dispatch.ts';
import { loadIdentity } from './engine/outbound/identity.ts';
import type { Identity } from './engine/outbound/sign.ts';
import { formsPipeline } from './engine/pipelines/forms.ts';
import { submissionsPipeline } from './engine/pipelines/submissions.ts';
import { createInspector } from './engine/pipelines/xml/inspector.ts';
import { createAuthenticate } from './engine/registry/authenticate.ts';
import { findSender } from './engine/registry/senders.ts';
import { type BlobStore, createBlobStore } from './engine/store/blobs.ts';
import { type Db, openStore } from './engine/store/database.ts';
import { diskCheck, storeCheck } from './engine/store/health.ts';
import { migrate } from './engine/store/migrate.ts';
import type { Message } from './schemas/messages.ts';

const RECOVER_EVERY_MS = 60_000;
const EXPIRE_EVERY_MS = 600_000;

/** What every part of the engine gets. */
interface Base {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly db: Db;
  readonly blobs: BlobStore;
}

/** What is read from files before anything runs, so that a mistake in them starts nothing. */
interface Materials {
  readonly trust: Trust;
  readonly identity: Identity;
  readonly hostKeys: readonly string[];
}

/**
 * The composition root: the only file that knows every part.
 * Read it top to bottom to learn what runs; there is no container and no registration elsewhere.
 *
 * @param patienceOver aborted when the engine, while stopping, may wait no longer for work in hand.
 */
export async function createApp(config: Config, log: Logger, patienceOver: AbortSignal): Promise<Service> {
  const materials = await loadMaterials(config);
  const db = openStore(config.store);
  const blobs = createBlobStore({ dir: join(config.dataDir, 'blobs'), log });
  const base: Base = { config, log, clock: systemClock, db, blobs };

  const onBuried = (tx: Db, message: Message) => giveUp(tx, message, base.clock(), { blobs, wake: () => relay.wake() });
  const onFailed = (tx: Db, delivery: Delivery, reason: string) => noteFailure(tx, delivery, reason, base.clock());
  const settle = createSettle({ ...base, onFailed, onBuried });
  const broker = await openBroker(config, settle, log);
  const relay: Relay = createRelay({
    ...base,
    broker,
    pollMs: config.broker.relay.poll,
    leaseMs: config.broker.relay.lease,
    batch: config.broker.prefetch * 4,
    alone: config.broker.url === 'embedded',
  });
  const receiver = createIntake(base, materials, relay);
  const members = [
    storeService(base, receiver),
    { name: 'broker', start: async () => undefined, stop: () => broker.close() },
    ...createWorkers(base, materials, broker, patienceOver),
    relay,
    periodic('recover', RECOVER_EVERY_MS, () => receiver.recover(RECOVER_EVERY_MS), log),
    createExpiry(base, relay),
    ...(config.observe.enabled ? [createObserve(base, broker)] : []),
    ...(config.channels.sftp.enabled ? [createSftp(base, materials, receiver)] : []),
  ];
  return group('engine', members, log);
}

async function loadMaterials(config: Config): Promise<Materials> {
  const pki = { dir: join(config.dataDir, 'pki'), commonName: config.identity.commonName, now: systemClock() };
  return {
    trust: await loadTrust(config.trust.anchors),
    identity: await loadIdentity(pki),
    hostKeys: await loadHostKeys(join(config.dataDir, 'keys')),
  };
}

/** Migrates, then takes in what a crash left: nothing else runs yet that could get in its way. */
function storeService(base: Base, receiver: Receiver): Service {
  return {
    name: 'store',
    async start() {
      await migrate(base.db);
      await sweepParts(base);
      await receiver.recover(0);
    },
    stop: () => base.db.destroy(),
  };
}

async function openBroker({ broker }: Config, settle: Settle, log: Logger): Promise<Broker> {
  if (broker.url === 'embedded') return createEmbeddedBroker({ settle, log });
  return connectRabbitMq({ url: broker.url, namespace: broker.namespace, settle, log });
}

function createIntake(base: Base, { trust }: Materials, relay: Relay): Receiver {
  const { config, db } = base;
  const policy = { ...config.intake.signature, maxBytes: config.intake.fsBytes };
  return createReceiver({
    ...base,
    goals: config.goals,
    senderOf: (number) => findSender(db, number),
    verify: createVerifyPart({ ...base, trust, policy }),
    wake: () => relay.wake(),
  });
}

/** Answers for files that wait in vain for their GO. */
function createExpiry(base: Base, relay: Relay): Service {
  const { config, log } = base;
  const { waitForGo: waitMs } = config.intake;
  const expiry = createSetExpiry({ ...base, goals: config.goals, waitMs, wake: () => relay.wake() });
  const everyMs = Math.min(EXPIRE_EVERY_MS, waitMs);
  return periodic('set expiry', everyMs, async (signal) => void (await expiry.run(signal)), log);
}

function createWorkers(base: Base, { identity }: Materials, broker: Broker, patienceOver: AbortSignal): Service[] {
  const { config } = base;
  const { maxAttempts, firstDelay, maxDelay } = config.broker.retry;
  const policy = { maxAttempts, firstDelayMs: firstDelay, maxDelayMs: maxDelay };
  const deps: WorkerDeps = { ...base, broker, policy, prefetch: config.broker.prefetch, signal: patienceOver };
  const { dirs: schemaDirs } = config.schemas;
  const { workers, windowBytes, ...limits } = config.inspection;
  const inspector = createInspector({ schemaDirs, workers, windowBytes, limits, log: base.log });
  const { inspect } = inspector;
  return [
    { name: 'inspector', start: async () => undefined, stop: () => inspector.stop() },
    createWorker(deps, answersPipeline({ ...base, identity })),
    createWorker(deps, formsPipeline(base)),
    createWorker(deps, submissionsPipeline({ ...base, goals: config.goals, inspect })),
  ];
}

/** Health and metrics. */
function createObserve(base: Base, broker: Broker): Service {
  const { config, db, clock, blobs } = base;
  const { host, port, outboxAge: maxAgeMs } = config.observe;
  const { minFreeBytes } = config.landing;
  const { freeBytes } = blobs.files;
  const checks = [
    storeCheck(db),
    brokerCheck(broker),
    diskCheck(freeBytes, minFreeBytes),
    outboxCheck({ db, clock, maxAgeMs }),
  ];
  const health = () => healthOf(checks);
  const metrics = createMetrics({ ...base, health, freeBytes, minFreeBytes });
  return createObserveServer({ ...base, host, port, health, metrics });
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
