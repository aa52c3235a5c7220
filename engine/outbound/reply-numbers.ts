import type { Db } from '../store/database.ts';
import { rowsOf } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';

/** What replies are counted in: their names differ in one of these or in the number. */
export interface ReplySeries {
  /** As in the name, YYYYMMDD. */
  readonly day: string;
  readonly goal: string;
  readonly environment: string;
}

/** Gives each reply of a series a number that no other has, in any process, ever. */
export interface ReplyNumbers {
  /** The next number, from 1. One that is not used in the end is left out. */
  take(series: ReplySeries): Promise<number>;
}

const BLOCK = 50;

interface Block {
  next: number;
  last: number;
}

/**
 * Creates the numbers of a process. It takes them from the store a block at a time, in a transaction of its own: the row
 * of a series is never locked while an answer is placed, so answers are placed side by side in any number of processes.
 * What is left of a block when the process ends, or the day, is left out.
 */
export function createReplyNumbers(db: Db, size = BLOCK): ReplyNumbers {
  const blocks = new Map<string, Promise<Block>>();

  async function nextOf(series: ReplySeries, current: Promise<Block> | undefined): Promise<Block> {
    const block = await current?.catch(() => undefined);
    return block && block.next < block.last ? { next: block.next + 1, last: block.last } : takeBlock(db, series, size);
  }

  async function take(series: ReplySeries): Promise<number> {
    const { day, goal, environment } = series;
    const key = `${day} ${goal} ${environment}`;
    const block = nextOf(series, blocks.get(key)); // after the one before it, which may be on its way
    for (const other of blocks.keys()) if (!other.startsWith(day)) blocks.delete(other);
    blocks.set(key, block);
    return (await block).next;
  }

  return { take };
}

const TAKE = `insert into reply_numbers (day, goal, environment, last) values (?, ?, ?, ?)
  on conflict (day, goal, environment) do update set last = reply_numbers.last + excluded.last returning last`;

async function takeBlock(db: Db, { day, goal, environment }: ReplySeries, size: number): Promise<Block> {
  const [row] = await inTransaction(db, (tx) =>
    rowsOf<{ last: string | number }>(tx, TAKE, [day, goal, environment, size]),
  );
  const last = Number(row?.last);
  return { next: last - size + 1, last };
}
