import { QUEUES, type QueueName } from '../../schemas/messages.ts';
import type { Db } from '../store/database.ts';

/** What waits in one queue and what was given up there. */
export interface Backlog {
  readonly queue: QueueName;
  /** Outbox rows, waiting for a retry or in hand too; counted up to `COUNTED`. */
  readonly outbox: number;
  /** Those in a worker's hand, or on their way to one; counted up to `COUNTED`. */
  readonly inHand: number;
  /** Those that are not due yet; counted up to `COUNTED`. */
  readonly postponed: number;
  /** How long the longest due message has been due, in ms; 0 when none is. */
  readonly oldestDueMs: number;
  /** Counted up to `COUNTED`. */
  readonly deadLetters: number;
}

/** Where counting stops, so that a look at a huge backlog costs no more than one at a large one. */
export const COUNTED = 100_000;

/** Looks at every queue: five short statements each, all on an index. */
export async function backlogs(db: Db, now: Date): Promise<Backlog[]> {
  const found: Backlog[] = [];
  const at = now.toISOString();
  for (const queue of QUEUES) {
    found.push({
      queue,
      outbox: await countUpTo(db, db('outbox').select('queue').where({ queue })),
      inHand: await countUpTo(db, leased(db, queue).andWhere('leased_until', '>', at)),
      postponed: await countUpTo(db, db('outbox').select('queue').where({ queue }).andWhere('due_at', '>', at)),
      oldestDueMs: await oldestDueMs(db, queue, now),
      deadLetters: await countUpTo(db, db('dead_letters').select('queue').where({ queue })),
    });
  }
  return found;
}

/** How long the longest due message of a queue has been due, in ms; 0 when none is. Those of paused senders do not count. */
export async function oldestDueMs(db: Db, queue: QueueName, now: Date): Promise<number> {
  const paused = db('breakers').select('sender').where({ state: 'open' });
  const served = db('outbox').select('due_at').where({ queue }).whereNotIn('sender', paused);
  const row = await served.orderBy(['due_at', 'id']).first();
  return row ? Math.max(0, now.getTime() - new Date(row.due_at).getTime()) : 0;
}

// said twice, so that the index on what is leased serves
const leased = (db: Db, queue: QueueName) => db('outbox').select('queue').where({ queue }).whereNotNull('leased_until');

async function countUpTo(db: Db, rows: ReturnType<typeof leased>): Promise<number> {
  const row = await db.count('* as rows').from(rows.limit(COUNTED).as('bounded')).first();
  return Number(row?.['rows'] ?? 0);
}
