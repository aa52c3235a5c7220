import { QUEUES, type QueueName } from '../../schemas/messages.ts';
import type { Db } from '../store/database.ts';

/** What waits in one queue and what was given up there. */
export interface Backlog {
  readonly queue: QueueName;
  /** Outbox rows, waiting for a retry or in hand too; counted up to `COUNTED`. */
  readonly outbox: number;
  /** How long the longest due message has been due, in ms; 0 when none is. */
  readonly oldestDueMs: number;
  /** Counted up to `COUNTED`. */
  readonly deadLetters: number;
}

/** Where counting stops, so that a look at a huge backlog costs no more than one at a large one. */
export const COUNTED = 100_000;

/** Looks at every queue: three short statements each, all on an index. */
export async function backlogs(db: Db, now: Date): Promise<Backlog[]> {
  const found: Backlog[] = [];
  for (const queue of QUEUES) {
    found.push({
      queue,
      outbox: await countIn(db, 'outbox', queue),
      oldestDueMs: await oldestDueMs(db, queue, now),
      deadLetters: await countIn(db, 'dead_letters', queue),
    });
  }
  return found;
}

/** How long the longest due message of a queue has been due, in ms; 0 when none is. */
export async function oldestDueMs(db: Db, queue: QueueName, now: Date): Promise<number> {
  const row = await db('outbox').select('due_at').where({ queue }).orderBy(['due_at', 'id']).first();
  return row ? Math.max(0, now.getTime() - new Date(row.due_at).getTime()) : 0;
}

async function countIn(db: Db, table: 'outbox' | 'dead_letters', queue: QueueName): Promise<number> {
  const bounded = db(table).select('queue').where({ queue }).limit(COUNTED).as('bounded');
  const row = await db.count('* as rows').from(bounded).first();
  return Number(row?.rows ?? 0);
}
