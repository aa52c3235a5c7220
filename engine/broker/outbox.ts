import { Message, QUEUE_OF, type QueueName } from '../../schemas/messages.ts';
import { EngineError } from '../core/errors.ts';
import { type Db, isSqlite } from '../store/database.ts';
import { inTransaction } from '../store/transaction.ts';
import type { Delivery } from './broker.ts';

interface OutboxRow {
  readonly id: string | number;
  readonly queue: QueueName;
  readonly message_id: string;
  readonly message: string;
  readonly attempt: number;
  readonly due_at: string;
  readonly leased_until: string | null;
}

const CHUNK = 200; // rows a statement: well under the limits on terms and variables of both databases

export interface OutboxOptions {
  readonly now: Date;
  /** Not delivered before; now when absent. */
  readonly dueAt?: Date;
  /** Counts from 1. */
  readonly attempt?: number;
}

/** A message under lease: the claimer has it in hand until the lease ends. */
export interface OutboxEntry {
  readonly id: number;
  readonly delivery: Delivery;
}

/** Puts one message in the outbox, in the caller's transaction: it is published if and only if that commits. */
export async function addToOutbox(tx: Db, message: Message, options: OutboxOptions): Promise<void> {
  await addAllToOutbox(tx, [message], options);
}

/** Puts any number of messages in the outbox, in the caller's transaction. Throws message_malformed. */
export async function addAllToOutbox(tx: Db, messages: readonly Message[], options: OutboxOptions): Promise<void> {
  const rows = messages.map((message) => toRow(message, options));
  for (let at = 0; at < rows.length; at += CHUNK) await tx('outbox').insert(rows.slice(at, at + CHUNK));
}

function toRow(message: Message, { now, dueAt = now, attempt = 1 }: OutboxOptions): Omit<OutboxRow, 'id'> {
  const checked = Message.safeParse(message);
  if (!checked.success) throw new EngineError('message_malformed', 'a message for the outbox does not fit its schema');
  return {
    queue: QUEUE_OF[checked.data.kind],
    message_id: checked.data.id,
    message: JSON.stringify(checked.data),
    attempt,
    due_at: dueAt.toISOString(),
    leased_until: null,
  };
}

/** Leases up to `limit` due messages of a queue, the longest due first; nobody else gets them before `until`. */
export async function claimDue(
  db: Db,
  queue: QueueName,
  { now, until, limit }: { readonly now: Date; readonly until: Date; readonly limit: number },
): Promise<OutboxEntry[]> {
  const free = db<OutboxRow>('outbox')
    .select('id')
    .where({ queue })
    .andWhere('due_at', '<=', now.toISOString())
    .andWhere((either) => either.whereNull('leased_until').orWhere('leased_until', '<=', now.toISOString()))
    .orderBy(['due_at', 'id'])
    .limit(limit);
  // a common table expression, so that PostgreSQL picks and locks the rows once
  const due = isSqlite(db) ? free : free.forUpdate().skipLocked();
  const rows: OutboxRow[] = await db('outbox')
    .with('due', due)
    .whereIn('id', db('due').select('id'))
    .update({ leased_until: until.toISOString() })
    .returning(['id', 'queue', 'message_id', 'message', 'attempt']);
  return readable(db, rows, now);
}

/** The entries of rows; a row that no longer reads (written by another release) becomes a dead letter. */
async function readable(db: Db, rows: readonly OutboxRow[], now: Date): Promise<OutboxEntry[]> {
  const entries: OutboxEntry[] = [];
  for (const row of rows) {
    const message = parse(row.message);
    if (message) entries.push({ id: Number(row.id), delivery: { queue: row.queue, message, attempt: row.attempt } });
    else await setAside(db, row, now);
  }
  return entries;
}

function parse(text: string): Message | undefined {
  try {
    return Message.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function setAside(db: Db, row: OutboxRow, now: Date): Promise<void> {
  const { queue, message_id, message, attempt } = row;
  await inTransaction(db, async (tx) => {
    const reason = 'the message in the outbox does not fit its schema';
    await tx('dead_letters')
      .insert({ queue, message_id, message, attempt, reason, buried_at: now.toISOString() })
      .onConflict(['queue', 'message_id'])
      .ignore();
    await tx('outbox').where({ id: row.id }).delete();
  });
}

/** Forgets messages: they are published and settled. */
export async function removeFromOutbox(db: Db, ids: readonly number[]): Promise<void> {
  for (const part of chunks(ids)) await db('outbox').whereIn('id', part).delete();
}

/** Keeps messages in hand until `until`. */
export async function renewLeases(db: Db, ids: readonly number[], until: Date): Promise<void> {
  for (const part of chunks(ids)) await db('outbox').whereIn('id', part).update({ leased_until: until.toISOString() });
}

/** Gives messages back: anyone may take them from `from` on. They stay due since when they were: their age tells of a broker that is away. */
export async function releaseLeases(db: Db, ids: readonly number[], from: Date): Promise<void> {
  for (const part of chunks(ids)) await db('outbox').whereIn('id', part).update({ leased_until: from.toISOString() });
}

/** Gives back what a dead process held; only for the one process that relays from this store. */
export async function releaseAllLeases(db: Db): Promise<void> {
  await db('outbox').whereNotNull('leased_until').update({ leased_until: null });
}

function chunks(ids: readonly number[]): number[][] {
  return Array.from({ length: Math.ceil(ids.length / CHUNK) }, (_, i) => ids.slice(i * CHUNK, (i + 1) * CHUNK));
}
