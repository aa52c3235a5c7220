import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from '../../engine/store/database.ts';

/** What is still to be done, by what it is; nothing when the engine is quiet. */
export type Open = Readonly<Record<string, number>>;

const EVERY_MS = 250;
const TWICE = 2;

/** Waits until nothing is left to do, seen twice in a row, at most `withinMs`; gives what is still open then. */
export async function awaitQuiet(db: Db, withinMs: number, signal: AbortSignal): Promise<Open> {
  const deadline = Date.now() + withinMs;
  let open: Open = {};
  for (let quiet = 0; quiet < TWICE && Date.now() < deadline && !signal.aborted; ) {
    open = await openWork(db);
    quiet = Object.keys(open).length === 0 ? quiet + 1 : 0;
    await delay(EVERY_MS);
  }
  return open;
}

async function openWork(db: Db): Promise<Open> {
  const counts = {
    'messages in the outbox': await db('outbox').select('id'),
    'submissions without a decision': await db('submissions').select('ticket').where({ state: 'received' }),
  };
  const open = Object.entries(counts).filter(([, rows]) => rows.length > 0);
  return Object.fromEntries(open.map(([what, rows]) => [what, rows.length]));
}
