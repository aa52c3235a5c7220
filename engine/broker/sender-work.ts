import type { Db } from '../store/database.ts';
import type { Breaker } from './breakers.ts';

/** What waits of one sender, and how its work fares. */
export interface SenderWork {
  readonly sender: string;
  /** Messages that nobody has in hand; those that wait for their next attempt too. */
  readonly waiting: number;
  /** Messages that are being worked on, or are with the broker. */
  readonly inHand: number;
  /** `closed`: its work is taken as it comes. `open`: it is paused. `trial`: the pause is over, one message at a time. */
  readonly breaker: 'closed' | 'open' | 'trial';
  /** Failed attempts in a row. */
  readonly failures: number;
  /** When the pause ends, or ended; null when there is none. */
  readonly until: Date | null;
  /** Why its last attempt failed; empty when its work succeeds. */
  readonly reason: string;
}

interface BreakerRow extends Omit<Breaker, 'until'> {
  readonly sender: string;
  readonly until: string | null;
  readonly reason: string;
}

/** The senders that have messages waiting or failures in a row, by number. Reads the whole outbox. */
export async function senderWork(db: Db, now: Date): Promise<SenderWork[]> {
  const at = now.toISOString();
  const counts: { sender: string; rows: number | string; held: number | string }[] = await db('outbox')
    .select('sender')
    .count({ rows: '*' })
    .sum({ held: db.raw('case when leased_until > ? then 1 else 0 end', [at]) })
    .groupBy('sender');
  const breakers: BreakerRow[] = await db('breakers').where('failures', '>', 0);
  const senders = new Set([...counts, ...breakers].map(({ sender }) => sender).filter((sender) => sender !== ''));
  return [...senders].sort().map((sender) => {
    const count = counts.find((row) => row.sender === sender);
    const inHand = Number(count?.held ?? 0);
    const waiting = Number(count?.rows ?? 0) - inHand;
    return {
      sender,
      waiting,
      inHand,
      ...breakerOf(
        breakers.find((row) => row.sender === sender),
        now,
      ),
    };
  });
}

function breakerOf(row: BreakerRow | undefined, now: Date) {
  if (!row) return { breaker: 'closed', failures: 0, until: null, reason: '' } as const;
  const { failures, reason } = row;
  if (row.state !== 'open' || row.until === null) return { breaker: 'closed', failures, until: null, reason } as const;
  const until = new Date(row.until);
  return { breaker: until > now ? ('open' as const) : ('trial' as const), failures, until, reason };
}
