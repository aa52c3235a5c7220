import { join } from 'node:path';
import { createMeters, type Meters } from '../channels/observe/meters.ts';
import { loadHostKeys } from '../channels/sftp/host-keys.ts';
import type { Config } from '../config/load.ts';
import { type Clock, systemClock } from '../engine/core/clock.ts';
import type { Logger } from '../engine/core/logger.ts';
import { loadIdentity } from '../engine/outbound/identity.ts';
import type { Identity } from '../engine/outbound/sign.ts';
import { loadTrust, type Trust } from '../engine/pki/trust.ts';
import { markPeopleWith } from '../engine/store/audit-inss.ts';
import { loadAuditKey } from '../engine/store/audit-key.ts';
import { type BlobStore, createBlobStore } from '../engine/store/blobs.ts';
import { type Db, openStore } from '../engine/store/database.ts';
import { loadMail, type MailMaterials } from './mail.ts';

/** What every part of the engine gets. */
export interface Base extends Meters {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly db: Db;
  readonly blobs: BlobStore;
}

/** What is read from files before anything runs, so that a mistake in them starts nothing. */
export interface Materials {
  readonly trust: Trust;
  readonly identity: Identity;
  readonly hostKeys: readonly string[];
  readonly auditKey: Buffer;
  readonly mail: MailMaterials;
}

/** Opens the store; nothing is read or changed in it yet. */
export function openBase(config: Config, { auditKey }: Materials, log: Logger, clock: Clock = systemClock): Base {
  const { connectWithin: connectWithinMs, answerWithin: answerWithinMs } = config.store;
  const db = openStore({ ...config.store, connectWithinMs, answerWithinMs });
  markPeopleWith(db, auditKey);
  const blobs = createBlobStore({ dir: join(config.dataDir, 'blobs'), log });
  return { config, log, clock, ...createMeters(), db, blobs };
}

/** Reads keys and certificates; makes what every installation has of its own. Throws config_invalid. */
export async function loadMaterials(config: Config): Promise<Materials> {
  const pki = { dir: join(config.dataDir, 'pki'), commonName: config.identity.commonName, now: systemClock() };
  return {
    trust: await loadTrust(config.trust.anchors),
    identity: await loadIdentity(pki),
    hostKeys: await loadHostKeys(join(config.dataDir, 'keys')),
    auditKey: await loadAuditKey(config.dataDir),
    mail: await loadMail(config),
  };
}
