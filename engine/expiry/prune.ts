import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../core/clock.ts';
import { EngineError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { byRecipient } from '../mailboxes/deliver.ts';
import { lockMailbox } from '../mailboxes/mailboxes.ts';
import { findMessages, type Message, sizeOf } from '../mailboxes/messages.ts';
import { among, removeMany } from '../mailboxes/remove.ts';
import { audit } from '../store/audit.ts';
import type { BlobStore } from '../store/blobs.ts';
import { type Db, isSqlite } from '../store/database.ts';
import { giveBackSpace } from '../store/give-back.ts';
import { rowsOf } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';
import { addRecord, type DeletionRecord, makeRecord, type SignBytes } from './deletion-records.ts';
import { type Due, dueForRemoval } from './due.ts';
import { exportMessage } from './export.ts';
import { admitRemoval, NOT_HELD } from './holds.ts';

export interface PruneDeps {
  readonly db: Db;
  readonly blobs: Pick<BlobStore, 'read'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sign: SignBytes;
  /** How long after its expiry a message stays, in ms. */
  readonly graceMs: number;
  /** Where messages are written before they go; absent: nowhere. */
  readonly exportDir?: string | undefined;
  readonly signal?: AbortSignal;
  /** Throws when this process may not go on. */
  readonly proceed?: () => void;
  /** Who has it done, for the audit; the engine when absent. */
  readonly by?: string;
}

/** What a run removed; `bytes` of attachments, and how many bytes of the database went back to the file system. */
export interface Pruned {
  readonly messages: number;
  readonly bytes: number;
  readonly givenBack: number;
}

const BATCH = 100;
const REST = { sqlite: 30, postgres: 2 }; // times what a batch took: SQLite's work and syncing stop this process meanwhile
const MOST_ROUNDS = 5;

/**
 * Removes what has been expired for longer than the grace time and is not held: first aside in the export, then in small
 * transactions out of the mailboxes, each with its signed record and audit line; between two of them others have their turn
 * for twice as long as the last one took, on SQLite for thirty times as long. Their content goes with the next look through the content. Safe to run again after a
 * crash, and by several at once.
 */
export async function pruneExpired(deps: PruneDeps): Promise<Pruned> {
  const { db, clock, log, graceMs, signal, proceed = () => signal?.throwIfAborted() } = deps;
  const removal = { at: clock(), graceMs };
  let [messages, bytes] = [0, 0];
  for await (const page of dueForRemoval(db, removal, { limit: BATCH })) {
    proceed();
    if (page.length === 0) continue;
    const began = performance.now();
    const done = await removePage(deps, page);
    messages += done.messages;
    bytes += done.bytes;
    await delay((performance.now() - began) * REST[isSqlite(db) ? 'sqlite' : 'postgres'], undefined, { signal });
  }
  const givenBack = await giveBackSpace(db, signal);
  if (messages > 0) log.info({ messages, bytes, givenBack }, 'expired messages removed');
  return { messages, bytes, givenBack };
}

type Done = Omit<Pruned, 'givenBack'>;
const NOTHING: Done = { messages: 0, bytes: 0 };

async function removePage(deps: PruneDeps, page: readonly Due[]): Promise<Done> {
  let due = [...page].sort((one, other) => byRecipient(one.mailbox, other.mailbox));
  for (let round = 0; round < MOST_ROUNDS && due.length > 0; round += 1) {
    const messages = await findMessages(deps.db, [...new Set(due.map(({ placed }) => placed.messageId))]);
    due = await exportAll(deps, due, messages);
    if (due.length === 0) break;
    const record = await makeRecord(due, messages, deps.sign, deps.clock());
    if (await carryOut(deps, due, record)) return { messages: due.length, bytes: bytesOf(due, messages) };
    due = await stillDue(deps.db, due); // some were held, read or removed since they were looked at
  }
  return NOTHING;
}

/** Those that were written aside, or need not be. What has content that nobody can read any more stays where it is, and holds up no other. */
async function exportAll(
  { db, blobs, exportDir: dir, log }: PruneDeps,
  due: readonly Due[],
  messages: ReadonlyMap<string, Message>,
): Promise<Due[]> {
  if (dir === undefined) return [...due];
  const written: Due[] = [];
  for (const one of due) {
    const message = messages.get(one.placed.messageId);
    try {
      if (message) await exportMessage({ db, blobs, dir }, one, message);
      written.push(one);
    } catch (error) {
      const code = error instanceof EngineError ? error.code : undefined;
      if (code !== 'content_quarantined' && code !== 'blob_missing') throw error;
      log.error({ messageId: one.placed.messageId, code }, 'expired message not written aside: it is not removed');
    }
  }
  return written;
}

/** All that the record tells of, in one transaction, or nothing when the record would not be true. */
function carryOut({ db, by = 'engine' }: PruneDeps, due: readonly Due[], record: DeletionRecord): Promise<boolean> {
  const work = async (tx: Db) => {
    await admitRemoval(tx);
    for (const mailbox of new Set(due.map(({ placed }) => placed.mailbox))) await lockMailbox(tx, mailbox);
    if (!isDeepStrictEqual(await stillDue(tx, due), due)) return false;
    const removed = await removeMany(
      tx,
      due.map(({ placed }) => placed),
    );
    if (removed.length < due.length) return false;
    await addRecord(tx, record, due);
    const sha256 = createHash('sha256').update(record.content).digest('hex'); // so the chain of the audit covers the record
    const facts = { messages: due.length, sha256 };
    const line = { at: new Date(record.at), who: by, what: 'messages removed', subject: record.id } as const;
    await audit(tx, { ...line, outcome: 'expired', facts });
    return true;
  };
  return inTransaction(db, work, (done) => done);
}

/** Those that still lie there and that no hold covers, as they are now. */
async function stillDue(db: Db, due: readonly Due[]): Promise<Due[]> {
  if (due.length === 0) return [];
  const { sql: inPlaces, bindings } = among(due.map(({ placed }) => placed));
  const rows = await rowsOf<{ mailbox: number; message_id: string; first_read_at: string | null }>(
    db,
    `select m.mailbox, m.message_id, m.first_read_at from mailbox_messages m join mailboxes b on b.id = m.mailbox
     where (m.mailbox, m.position) in ${inPlaces} and ${NOT_HELD}`,
    bindings,
  );
  const read = new Map(rows.map((row) => [`${row.mailbox}:${row.message_id}`, row.first_read_at]));
  return due.flatMap(({ placed: { firstReadAt: _, ...placed }, mailbox }) => {
    const firstReadAt = read.get(`${placed.mailbox}:${placed.messageId}`);
    if (firstReadAt === undefined) return [];
    return [{ mailbox, placed: { ...placed, ...(firstReadAt !== null && { firstReadAt }) } }];
  });
}

const bytesOf = (due: readonly Due[], messages: ReadonlyMap<string, Message>): number =>
  due.reduce((sum, { placed }) => {
    const message = messages.get(placed.messageId);
    return sum + (message ? sizeOf(message) : 0);
  }, 0);
