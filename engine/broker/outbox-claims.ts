import type { Knex } from 'knex';
import { Message, type QueueName } from '../../schemas/messages.ts';
import { inTurn } from '../store/advisory-locks.ts';
import { type Db, isSqlite } from '../store/database.ts';
import { isClaimed } from '../store/once.ts';
import { placesFor, rowsOf } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';
import { openBreakers } from './breakers.ts';
import type { Delivery } from './broker.ts';
import { forget } from './outbox.ts';
import { type Candidate, type Shares, share } from './shares.ts';

/** A message under lease: the claimer has it in hand until the lease ends. */
export interface OutboxEntry {
  readonly id: number;
  readonly sender: string;
  readonly dueAt: Date;
  readonly delivery: Delivery;
  /** The end of the lease, as it is in the row: whoever changes the row must find it there. */
  readonly lease: string;
}

export interface Claim {
  readonly now: Date;
  /** Nobody else gets the messages before. */
  readonly until: Date;
  /** Most messages that are taken. */
  readonly limit: number;
  /** Most messages of the queue in hand at once, those of other relays too; no limit when absent. */
  readonly inAll?: number;
  /** Of these of one sender; no limit when absent. */
  readonly perSender?: number;
}

interface ClaimedRow {
  readonly id: string | number;
  readonly queue: QueueName;
  readonly message_id: string;
  readonly message: string;
  readonly attempt: number;
  readonly sender: string;
  readonly sha256: string | null;
  readonly handed: number;
  readonly due_at: string;
}

const CHUNK = 200; // rows a statement: well under the limits on terms and variables of both databases
const MOST_SENDERS = 2_000; // looked at in one claim
const COLUMNS = 'id, queue, message_id, message, attempt, sender, sha256, handed, due_at';
const FREE = 'due_at <= ? and (leased_until is null or leased_until <= ?)';

/**
 * Leases due messages of a queue, in turn over the senders that have any: the one with the least in hand first, then
 * the longest due. A paused sender's stay. Costs the same however many wait; claims at one moment never get the same.
 */
export async function claimDue(db: Db, queue: QueueName, claim: Claim): Promise<OutboxEntry[]> {
  const first = await dueOf(db, queue, claim.now, claim.limit + 1);
  if (first.length === 0) return [];
  const rows = await inTransaction(db, async (tx) => {
    await inTurn(tx, 'claims', queue);
    return lease(tx, await chosen(tx, queue, first, claim), claim);
  });
  return readable(db, rows, claim);
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

async function chosen(db: Db, queue: QueueName, first: Candidate[], claim: Claim): Promise<number[]> {
  const shares = await sharesOf(db, queue, claim);
  if (shares.room <= 0) return [];
  const whole = first.length <= claim.limit;
  const candidates = whole ? first : await dueOfEach(db, queue, claim, { shares, first });
  return share(candidates, shares).map(({ id }) => Number(id));
}

interface Held {
  readonly queue: string;
  readonly sender: string;
  readonly rows: string | number;
}

const HELD = `select queue, sender, count(*) as rows from outbox
  where leased_until is not null and leased_until > ? group by queue, sender`;

async function sharesOf(db: Db, queue: QueueName, claim: Claim): Promise<Shares> {
  const { now, limit, inAll = Number.POSITIVE_INFINITY, perSender = Number.POSITIVE_INFINITY } = claim;
  const held = await rowsOf<Held>(db, HELD, [now.toISOString()]);
  const open = await openBreakers(db);
  const sum = (rows: readonly Held[]) => rows.reduce((total, { rows: count }) => total + Number(count), 0);
  const here = held.filter((row) => row.queue === queue);
  const inHand = new Map(here.map(({ sender, rows }) => [sender, Number(rows)]));
  const inHandOf = (sender: string) => inHand.get(sender) ?? 0;

  function roomOf(sender: string): number {
    const until = open.get(sender);
    if (until) return until > now ? 0 : 1 - sum(held.filter((row) => row.sender === sender)); // tried with one
    // taking every place as it comes free would cost a transaction each
    return inHandOf(sender) > perSender * 0.75 ? 0 : perSender - inHandOf(sender);
  }
  return { room: Math.min(limit, inAll - sum(here)), inHandOf, roomOf };
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

/** The entries of rows; a row that no longer reads (written by another release) becomes a dead letter. */
async function readable(db: Db, rows: readonly ClaimedRow[], { now, until }: Claim): Promise<OutboxEntry[]> {
  const entries: OutboxEntry[] = [];
  for (const row of rows) {
    const message = parse(row.message);
    // an effect of an older release, or of a message that was put in again: without this it would come for ever
    if (row.handed > 1 && (await isClaimed(db, row.queue, row.message_id))) await forget(db, row.queue, row.message_id);
    else if (message) entries.push({ ...entryOf(row, message), lease: until.toISOString() });
    else await setAside(db, row, now);
  }
  return entries;
}

function entryOf({ id, queue, sender, attempt, handed, due_at }: ClaimedRow, message: Message) {
  const delivery = { queue, message, attempt, redeliveries: handed - 1 };
  return { id: Number(id), sender, dueAt: new Date(due_at), delivery };
}

function parse(text: string): Message | undefined {
  try {
    return Message.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function setAside(db: Db, row: ClaimedRow, now: Date): Promise<void> {
  const { queue, message_id, message, attempt, sender, sha256 } = row;
  await inTransaction(db, async (tx) => {
    const reason = 'the message in the outbox does not fit its schema';
    const letter = { queue, message_id, message, attempt, sender, sha256, reason, code: 'message_malformed' };
    await tx('dead_letters')
      .insert({
        ...letter,
        buried_at: now.toISOString(),
        answer_by: queue === 'submissions' ? now.toISOString() : null,
      })
      .onConflict(['queue', 'message_id'])
      .ignore();
    await tx('outbox').where({ id: row.id }).delete();
  });
}
