import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import type { Db } from '../store/database.ts';
import type { Delivery, Settlement } from './broker.ts';

/** Handles messages that were in a worker's hand before without being settled: any of them may have killed it. */
export interface Suspects {
  /**
   * Does the work when it is the suspect's turn: one at a time, those begun least often first. Its start is durable
   * before. A suspect that was begun `maxStarts` times and never settled is not begun again: it is to be buried.
   */
  inTurn(delivery: Delivery, work: () => Promise<Settlement>): Promise<Settlement>;
}

export interface SuspectsDeps {
  readonly db: Db;
  readonly clock: Clock;
  /** Aborted when the engine is out of patience: nobody waits for a turn any more. */
  readonly signal: AbortSignal;
  /** How often a worker may die with a suspect. Default 5. */
  readonly maxStarts?: number;
  /**
   * How long one that was begun once before waits for others that were begun less often, in ms; twice as long for
   * each start more, so that what kills the process again and again for reasons of its own finds it not begun. Default 250.
   */
  readonly gatherMs?: number;
}

const LONGER = 2;

/**
 * Creates the place where all workers of a process handle their suspects. When a process dies, everything in its hand
 * comes again; only what was in work at that moment has a start noted, so only that is ever buried for it.
 */
export function createSuspects({ db, clock, signal, maxStarts = 5, gatherMs = 250 }: SuspectsDeps): Suspects {
  const turns = createTurns();
  const begun = new Set<string>(); // by this process: it has not died with these, however often they are begun

  async function begin({ queue, message }: Delivery): Promise<void> {
    const key = `${queue} ${message.id}`;
    if (begun.has(key)) return;
    await noteStart(db, { queue, messageId: message.id, now: clock() });
    begun.add(key);
  }

  async function clear({ queue, message }: Delivery): Promise<void> {
    await forgetSuspect(db, queue, message.id);
    begun.delete(`${queue} ${message.id}`);
  }

  async function inTurn(delivery: Delivery, work: () => Promise<Settlement>): Promise<Settlement> {
    const starts = await startsOf(db, delivery);
    if (starts >= maxStarts) return believed(starts);
    if (starts > 0) await delay(gatherMs * LONGER ** (starts - 1), undefined, { signal }).catch(() => undefined);
    const leave = await turns.enter(starts);
    try {
      if (signal.aborted) return handBack(delivery);
      await begin(delivery);
      const settlement = await work();
      await clear(delivery);
      return settlement;
    } finally {
      leave();
    }
  }

  return { inTurn };
}

const believed = (starts: number): Settlement => {
  return { action: 'bury', code: 'worker_crashed', reason: `its worker died with it ${starts} times` };
};

const handBack = ({ attempt }: Delivery): Settlement => {
  return { action: 'delay', delayMs: 0, attempt, reason: 'interrupted while the engine stopped' };
};

/** One at a time, the smallest number first. */
function createTurns() {
  const waiting: { readonly starts: number; readonly go: () => void }[] = [];
  let busy = false;

  function leave(): void {
    waiting.sort((one, other) => one.starts - other.starts); // stable: first come, first served
    const next = waiting.shift();
    if (next) next.go();
    else busy = false;
  }

  return {
    /** Resolves when it is one's turn, with what ends it. */
    async enter(starts: number): Promise<() => void> {
      if (busy) await new Promise<void>((go) => waiting.push({ starts, go }));
      busy = true;
      return leave;
    },
  };
}

async function startsOf(db: Db, { queue, message }: Delivery): Promise<number> {
  const row = await db('suspects').select('starts').where({ queue, message_id: message.id }).first();
  return row?.starts ?? 0;
}

async function noteStart(
  db: Db,
  { queue, messageId, now }: { readonly queue: string; readonly messageId: string; readonly now: Date },
): Promise<void> {
  const started_at = now.toISOString();
  await db('suspects')
    .insert({ queue, message_id: messageId, starts: 1, started_at })
    .onConflict(['queue', 'message_id'])
    .merge({ starts: db.raw('suspects.starts + 1'), started_at });
}

/** Forgets that a message was a suspect: it was settled, or buried. */
export async function forgetSuspect(db: Db, queue: string, messageId: string): Promise<void> {
  await db('suspects').where({ queue, message_id: messageId }).delete();
}
