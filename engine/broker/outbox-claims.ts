import type { Knex } from 'knex';
import type { QueueName } from '../../schemas/messages.ts';
import { inTurn, isTurnOf } from '../store/advisory-locks.ts';
import { type Db, isSqlite } from '../store/database.ts';
import { placesFor, rowsOf, unsynced } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';
import { openBreakers } from './breakers.ts';
import { type ClaimedRow, type OutboxEntry, readable } from './outbox-entries.ts';
import { type Candidate, type HeldCount, type Limits, type Shares, share, sharesFrom } from './shares.ts';

export interface Claim extends Partial<Limits> {
  readonly now: Date;
  /** Nobody else gets the messages before. */
  readonly until: Date;
  /** Most messages that are taken. */
  readonly limit: number;
}

const CHUNK = 200; // rows a statement: well under the limits on terms and variables of both databases
const MOST_SENDERS = 2_000; // looked at in one claim
const COLUMNS = 'id, queue, message_id, message, attempt, sender, sha256, handed, due_at';
const HELD = `select queue, sender, count(*) as rows, 0 as id from outbox
  where leased_until is not null and leased_until > ? group by queue, sender`;
const FREE = 'due_at <= ? and (leased_until is null or leased_until <= ?)';

/** What a relay sees when it looks at the whole outbox. */
export interface Look {
  /** What is in hand; whoever claims adds to it. */
  readonly held: HeldCount[];
  /** The senders of whom nothing is taken in hand before when. */
  readonly paused: ReadonlyMap<string, Date>;
  /** The longest due messages of a queue that nobody has in hand, one more than may be claimed. */
  firstOf(queue: QueueName): readonly Candidate[];
  /** The queues from which something can be claimed: a message is due, and its sender has a free place. */
  readonly queues: readonly QueueName[];
  /** Who has something in hand, or waits for longest and is not paused. */
  readonly senders: ReadonlySet<string>;
}

/** Looks at the whole outbox, as a relay does each time something happened: mostly nothing is due, or the places are taken. */
export async function lookForDue(db: Db, limits: ReadonlyMap<QueueName, Limits>, now: Date): Promise<Look> {
  const at = now.toISOString();
  const due = `select * from (select queue, sender, 0 as rows, id from outbox where queue = ? and ${FREE} order by due_at, id limit ?)`;
  const all = [...limits.keys()].map((_, index) => `${due} as due${index} union all `).join('');
  const bindings = [...limits].flatMap(([queue, { limit }]) => [queue, at, at, limit + 1]);
  const [found, paused] = await Promise.all([
    rowsOf<HeldCount & Candidate>(db, all + HELD, [...bindings, at]),
    openBreakers(db),
  ]);
  const first = new Map([...limits.keys()].map((queue) => [queue, [] as Candidate[]]));
  const inHand: HeldCount[] = [];
  for (const row of found) {
    if (Number(row.rows) > 0) inHand.push(row);
    else first.get(row.queue as QueueName)?.push(row);
  }
  const firstOf = (queue: QueueName) => first.get(queue) ?? [];
  const queues = [...limits].flatMap(([queue, of]) => {
    const { room, roomOf } = sharesFrom(inHand, paused, queue, { now, ...of });
    const whole = firstOf(queue).length <= of.limit;
    const taken = room <= 0 || (whole && firstOf(queue).every(({ sender }) => roomOf(sender) <= 0));
    return taken ? [] : [queue];
  });
  const busy = found.filter(({ rows, sender }) => Number(rows) > 0 || !paused.has(sender));
  return { held: inHand, paused, firstOf, queues, senders: new Set(busy.map(({ sender }) => sender)) };
}

/**
 * Leases due messages of a queue, in turn over the senders that have any: the one with the least in hand first, then
 * the longest due. A paused sender's stay. Costs the same however many wait; claims at one moment never get the same,
 * as they take turns.
 */
export async function claimDue(db: Db, queue: QueueName, claim: Claim): Promise<OutboxEntry[]> {
  const rows = await inTransaction(db, async (tx) => {
    await unsynced(tx);
    await inTurn(tx, 'claims', queue);
    return lease(tx, await chosen(tx, queue, claim), claim);
  });
  return readable(db, rows, claim);
}

/**
 * As `claimDue`, unless somebody else is claiming from the queue at this moment: then undefined, look again soon.
 *
 * @param look what was seen just before, by the only one who claims; else the claim looks again, in its turn
 */
export async function tryClaimDue(
  db: Db,
  queue: QueueName,
  claim: Claim,
  look?: Look,
): Promise<OutboxEntry[] | undefined> {
  const rows = await inTransaction(db, async (tx) => {
    await unsynced(tx); // a claim that a crash of the database takes back is made again, as one of a dead relay is
    // sent together: the turn is over the sooner
    const [ours, ids] = await Promise.all([isTurnOf(tx, 'claims', queue), chosen(tx, queue, claim, look)]);
    return ours ? lease(tx, ids, claim) : undefined;
  });
  return rows && readable(db, rows, claim);
}

/** The longest due messages that nobody has in hand. */
function dueOf(db: Db, queue: QueueName, now: Date, limit: number): Promise<Candidate[]> {
  const select = `select id, sender from outbox where queue = ? and ${FREE} order by due_at, id limit ?`;
  return rowsOf(db, select, [queue, now.toISOString(), now.toISOString(), limit]);
}

function freeAt(query: Knex.QueryBuilder, now: Date): Knex.QueryBuilder {
  const at = now.toISOString();
  return query
    .andWhere('due_at', '<=', at)
    .andWhere((either) => either.whereNull('leased_until').orWhere('leased_until', '<=', at));
}

async function chosen(db: Db, queue: QueueName, claim: Claim, look?: Look): Promise<number[]> {
  const [first, shares] = await Promise.all([
    look?.firstOf(queue) ?? dueOf(db, queue, claim.now, claim.limit + 1),
    sharesOf(db, queue, claim, look),
  ]);
  if (first.length === 0 || shares.room <= 0) return [];
  const whole = first.length <= claim.limit;
  const candidates = whole ? first : await dueOfEach(db, queue, claim, { shares, first });
  return share(candidates, shares).map(({ id }) => Number(id));
}

async function sharesOf(db: Db, queue: QueueName, claim: Claim, look?: Look): Promise<Shares> {
  if (look) return sharesFrom(look.held, look.paused, queue, claim);
  const held = rowsOf<HeldCount>(db, HELD, [claim.now.toISOString()]);
  const [inHand, paused] = await Promise.all([held, openBreakers(db)]);
  return sharesFrom(inHand, paused, queue, claim);
}

/** The longest due messages of each sender that may take some, as many as it may. */
async function dueOfEach(
  db: Db,
  queue: QueueName,
  { now }: Claim,
  { shares, first }: { readonly shares: Shares; readonly first: readonly Candidate[] },
): Promise<Candidate[]> {
  const { room, roomOf, inHandOf } = shares;
  const waiting = (await sendersWaiting(db, queue, now, first)).filter(({ sender }) => roomOf(sender) > 0);
  waiting.sort((one, other) => inHandOf(one.sender) - inHandOf(other.sender) || (one.oldest < other.oldest ? -1 : 1));
  const due: Candidate[] = [];
  for (let at = 0; at < Math.min(waiting.length, room); at += CHUNK) {
    const [head, ...rest] = waiting
      .slice(at, Math.min(at + CHUNK, room))
      .map(({ sender }) => db.select('*').from(longestDue(sender).as('due')));
    if (head) due.push(...(await head.unionAll(rest)));
  }
  return due;

  function longestDue(sender: string): Knex.QueryBuilder {
    const of = freeAt(db('outbox').select('id', 'sender').where({ queue, sender }), now);
    return of.orderBy(['due_at', 'id']).limit(Math.min(room, roomOf(sender)));
  }
}

interface Waiting {
  readonly sender: string;
  readonly oldest: string;
}

/**
 * The senders that have a due message nobody has in hand: two looks into an index for each, however many rows it has.
 * Of very many senders the first by number, and in any case those of the longest due messages, so that nobody starves.
 */
async function sendersWaiting(db: Db, queue: QueueName, now: Date, first: readonly Candidate[]): Promise<Waiting[]> {
  const bindings = { queue, now: now.toISOString(), most: MOST_SENDERS };
  const walk = await oldestOf(
    db,
    `with recursive walk(sender) as (
       select * from (select sender from outbox where queue = :queue order by sender limit 1) as head
       union all
       select (select sender from outbox where queue = :queue and sender > walk.sender order by sender limit 1)
       from walk where walk.sender is not null
     ), waiting as (select sender from walk where sender is not null limit :most)`,
    bindings,
  );
  const seen = new Set(walk.map(({ sender }) => sender));
  const missed = [...new Set(first.map(({ sender }) => sender))].filter((sender) => !seen.has(sender));
  if (missed.length === 0) return walk;
  const named = JSON.stringify(missed);
  const list = isSqlite(db)
    ? 'select value from json_each(:named)'
    : 'select json_array_elements_text(cast(:named as json))';
  return [...walk, ...(await oldestOf(db, `with waiting(sender) as (${list})`, { ...bindings, named }))];
}

/** Since when the longest due message of each sender in the table expression `waiting` is due. */
async function oldestOf(db: Db, waiting: string, bindings: Record<string, string | number>): Promise<Waiting[]> {
  const result = await db.raw(
    `${waiting} select sender, (select due_at from outbox where queue = :queue and sender = waiting.sender
       and due_at <= :now and (leased_until is null or leased_until <= :now) order by due_at limit 1) as oldest
     from waiting`,
    bindings,
  );
  const rows: { sender: string; oldest: string | null }[] = isSqlite(db) ? result : result.rows;
  return rows.flatMap(({ sender, oldest }) => (oldest === null ? [] : [{ sender, oldest }]));
}

/** Leases those of the rows that are still free; skips what somebody else is just taking. */
async function lease(db: Db, ids: readonly number[], { now, until }: Claim): Promise<ClaimedRow[]> {
  const rows: ClaimedRow[] = [];
  for (let at = 0; at < ids.length; at += CHUNK) {
    const part = ids.slice(at, at + CHUNK);
    const free = `select id from outbox where id in (${placesFor(part)}) and ${FREE}`;
    // a common table expression, so that PostgreSQL picks and locks the rows once
    const leasing = `with due as (${free}${isSqlite(db) ? '' : ' for update skip locked'})
      update outbox set leased_until = ?, handed = handed + 1 where id in (select id from due) returning ${COLUMNS}`;
    const since = now.toISOString();
    rows.push(...(await rowsOf<ClaimedRow>(db, leasing, [...part, since, since, until.toISOString()])));
  }
  const place = new Map(ids.map((id, index) => [id, index]));
  return rows.sort((one, other) => (place.get(Number(one.id)) ?? 0) - (place.get(Number(other.id)) ?? 0));
}
