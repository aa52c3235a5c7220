import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { silentLogger } from '../../engine/core/logger.ts';
import type { SignBytes } from '../../engine/expiry/deletion-records.ts';
import { type PruneDeps, type Pruned, pruneExpired } from '../../engine/expiry/prune.ts';
import { type Warned, warnOwners } from '../../engine/expiry/warn.ts';
import { deliverMessage } from '../../engine/mailboxes/deliver.ts';
import type { MailboxKey } from '../../engine/mailboxes/mailboxes.ts';
import type { Message } from '../../engine/mailboxes/messages.ts';
import { type BlobStore, createBlobStore } from '../../engine/store/blobs.ts';
import type { Db } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { openTestStore, type StoreKind } from './database.ts';
import { aMessage, aMessageType, ENTERPRISE, typesOf } from './mailboxes.ts';

/** As the shipped configuration has it. */
export const RULES = { warnDays: [30, 7, 1], alertDays: 7, remindDays: 15 };
export const DAY_MS = 86_400_000;

/** A store with mailboxes whose clock the test moves. */
export interface ExpiryWorld {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly dir: string;
  now: Date;
  /** Puts a message with one attachment of 100 KiB into a mailbox, now. */
  deliver(with_?: Partial<Message>, mailbox?: MailboxKey): Promise<Message>;
  /** Warns, at the clock's time. */
  warn(): Promise<Warned>;
  /** Removes, at the clock's time, with a grace of ten days. */
  prune(with_?: Partial<PruneDeps>): Promise<Pruned>;
  close(): Promise<void>;
}

const sign: SignBytes = async (bytes) => Buffer.concat([Buffer.from('signed:'), bytes]);
export const GRACE_MS = 10 * DAY_MS;
const CONTENT_BYTES = 100 * 1_024; // more than is kept in a row: it has a file

/** Opens one; `close` removes it. */
export async function openExpiryWorld(kind: StoreKind, now: Date): Promise<ExpiryWorld> {
  const { db, close } = await openTestStore(kind);
  const dir = await mkdtemp(join(tmpdir(), 'bode-expiry-'));
  const blobs = createBlobStore({ dir: join(dir, 'blobs'), log: silentLogger() });
  const rules = { types: typesOf(aMessageType(), aMessageType({ id: 'letter' })), provider: 'bode' };
  const world: ExpiryWorld = {
    ...{ db, blobs, dir, now },
    async deliver(with_ = {}, mailbox = ENTERPRISE) {
      const { sha256, size } = (await blobs.prepare(db, Readable.from([randomBytes(CONTENT_BYTES)]))).ref;
      const file = { number: 1, fileName: '../a b\r\n.pdf', mediaType: 'application/pdf', main: true, sha256, size };
      const message = aMessage({ attachments: [file], ...with_ });
      await inTransaction(db, async (tx) => {
        await blobs.keep(tx, { ref: { sha256, size } });
        await deliverMessage(tx, message, mailbox, rules, world.now);
      });
      return message;
    },
    warn: () => warnOwners({ db, clock: () => world.now, rules: RULES, provider: 'bode' }),
    prune: (with_ = {}) =>
      pruneExpired({ db, blobs, clock: () => world.now, log: silentLogger(), sign, graceMs: GRACE_MS, ...with_ }),
    async close() {
      await close();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return world;
}
