import type { Clock } from '../core/clock.ts';
import type { Db } from '../store/database.ts';
import { rowsOf } from '../store/sql.ts';
import { messagesOf } from './counts.ts';
import {
  countOf,
  type Listed,
  newestPlaces,
  oldestPlaces,
  type PlacedFilter,
  type Places,
  placesAt,
  readCounted,
  readListed,
} from './list.ts';
import { findHits, type Search } from './search.ts';

/** A page of a mailbox, asked for by its number. */
export interface PageQuery {
  readonly mailbox: number;
  /** How many messages have ever come: few are read through faster than they are counted first. */
  readonly everReceived?: number;
  readonly filter: PlacedFilter;
  readonly search?: Search;
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
}

export interface PageRead {
  /** Newest first. */
  readonly items: readonly Listed[];
  /** How many there are on all pages; undefined when a search finds more than 1,000, or more than 10,000 came within some days. */
  readonly total: number | undefined;
}

/** Where the pages that somebody has seen end: how page numbers stand still while messages come and go. */
export interface Walk {
  /** The last page before this one whose end is known, and the position of its last message. */
  before(page: number): { readonly page: number; readonly position: number } | undefined;
  /** Notes where a page ended. The first page begins the walk anew. */
  note(page: number, position: number): void;
}

/** The walks of those who read lists, by whatever tells them apart; the longest unused is forgotten first. */
export interface Walks {
  of(key: string): Walk;
}

const MOST_WALKS = 10_000;
const MOST_PAGES = 1_000;
const WALK_MS = 900_000;

/** Walks in the memory of this process. Who comes by another process, or after 15 minutes, is given pages by counting. */
export function createWalks(clock: Clock): Walks {
  const walks = new Map<string, { readonly ends: Map<number, number>; usedAt: number }>();

  function walkOf(key: string): Map<number, number> {
    const now = clock().getTime();
    const known = walks.get(key);
    const walk = known && now - known.usedAt < WALK_MS ? known : { ends: new Map<number, number>(), usedAt: now };
    walk.usedAt = now;
    walks.delete(key);
    walks.set(key, walk); // last in the order of insertion: the first is the longest unused
    const oldest = walks.size > MOST_WALKS ? walks.keys().next() : undefined;
    if (oldest && !oldest.done) walks.delete(oldest.value);
    return walk.ends;
  }

  return {
    of(key) {
      const ends = walkOf(key);
      return {
        before(page) {
          for (let near = page - 1; near > 0 && near >= page - MOST_PAGES; near -= 1) {
            const position = ends.get(near);
            if (position !== undefined) return { page: near, position };
          }
          return undefined;
        },
        note(page, position) {
          if (page === 1 || ends.size >= MOST_PAGES) ends.clear();
          ends.set(page, position);
        },
      };
    },
  };
}

/** Reads a page. One that follows a page of the same walk begins right after it, whatever came or went meanwhile. */
export async function readPage(db: Db, query: PageQuery, walk: Walk): Promise<PageRead> {
  const bounded = { ...query, filter: await withPositions(db, query) };
  const read = await (query.search
    ? searchPage(db, { ...bounded, search: query.search }, walk)
    : plainPage(db, bounded, walk));
  const last = read.items.at(-1);
  if (last && read.items.length === query.pageSize) walk.note(query.page, last.placed.position);
  return read;
}

const MOST_COUNTED = 10_000;
const FEW = 5_000;

async function plainPage(db: Db, query: PageQuery, walk: Walk): Promise<PageRead> {
  const { mailbox, filter, everReceived = MOST_COUNTED } = query;
  const page = startOf(query, walk);
  const number = isBySort(filter) ? messagesOf(mailbox, filter) : countOf(mailbox, filter, MOST_COUNTED + 1);
  if (page.skip === 0) {
    const places = { ...page, ...(everReceived >= FEW && isSparse(filter) && { unlessNone: number }) };
    const read = await readCounted(db, newestPlaces(mailbox, filter, places), number);
    if (read) return { items: read.items, total: known(read.counted, filter) };
    if (page.before === undefined) return { items: [], total: 0 };
    return { items: [], total: known(await answerTo(db, number), filter) };
  }
  const total = known(await answerTo(db, number), filter);
  if (total === 0) return { items: [], total };
  const fromEnd = isBySort(filter) && page.before === undefined ? fromOldest(page, total ?? 0) : undefined;
  const items = fromEnd
    ? await readListed(db, oldestPlaces(mailbox, filter, fromEnd))
    : await readListed(db, newestPlaces(mailbox, filter, page));
  return { items, total };
}

async function answerTo(db: Db, { sql, bindings }: Places): Promise<number> {
  const [row] = await rowsOf<{ counted: number | string }>(db, sql, bindings);
  return Number(row?.counted ?? 0);
}

const known = (counted: number, filter: PlacedFilter) =>
  isBySort(filter) || counted <= MOST_COUNTED ? counted : undefined;

/** Whether a whole mailbox might be read through to find nothing: then it is first seen whether there are any. */
function isSparse({ senderOrganisation, senderApplication, partitions, read, types }: PlacedFilter): boolean {
  return [senderOrganisation, senderApplication, partitions, read, types].some((one) => one !== undefined);
}

/** Whether the totals that are kept tell how many there are. */
function isBySort({ above, below, expiresFrom, expiresBefore }: PlacedFilter): boolean {
  return [above, below, expiresFrom, expiresBefore].every((bound) => bound === undefined);
}

/** A page in the older half is nearer to the oldest message. */
function fromOldest({ skip, limit }: Start, total: number): { skip: number; limit: number } | undefined {
  if (skip <= total / 2) return undefined;
  const left = total - skip;
  return { skip: Math.max(0, left - limit), limit: Math.max(0, Math.min(limit, left)) };
}

interface Start {
  readonly limit: number;
  readonly skip: number;
  readonly before?: number;
}

function startOf({ page, pageSize }: PageQuery, walk: Walk): Start {
  const near = walk.before(page);
  if (!near) return { limit: pageSize, skip: (page - 1) * pageSize };
  return { limit: pageSize, skip: (page - 1 - near.page) * pageSize, before: near.position };
}

/** The newest hits tell how many there are, if they are few. The page may lie among them; else it is gone on from the oldest. */
async function searchPage(db: Db, query: PageQuery & { readonly search: Search }, walk: Walk): Promise<PageRead> {
  const { before = Number.MAX_SAFE_INTEGER, skip, limit } = startOf(query, walk);
  const newest = await findHits(db, query);
  const wanted: number[] = [];
  let left = skip;
  for (let hits = newest; ; ) {
    const older = hits.positions.filter((position) => position < before);
    wanted.push(...older.slice(left, left + limit - wanted.length));
    left = Math.max(0, left - older.length);
    const last = hits.positions.at(-1);
    if (hits.isAll || last === undefined || wanted.length === limit) break;
    hits = await findHits(db, query, Math.min(last, before));
  }
  const items = wanted.length === 0 ? [] : await readListed(db, placesAt(query.mailbox, wanted));
  return { items, total: newest.isAll ? newest.positions.length : undefined };
}

/** Times of arrival as positions: both go up together, and lists are read by position. */
async function withPositions(db: Db, { mailbox, filter }: PageQuery): Promise<PlacedFilter> {
  const { receivedFrom, receivedBefore, ...rest } = filter;
  const above = receivedFrom === undefined ? undefined : await lastBefore(db, mailbox, receivedFrom);
  const newest = receivedBefore === undefined ? undefined : await lastBefore(db, mailbox, receivedBefore);
  return { ...rest, ...(above !== undefined && { above }), ...(newest !== undefined && { below: newest + 1 }) };
}

async function lastBefore(db: Db, mailbox: number, instant: string): Promise<number> {
  const sql = `select position from mailbox_messages where mailbox = ? and received_at < ?
    order by received_at desc, position desc limit 1`;
  const [row] = await rowsOf<{ position: number }>(db, sql, [mailbox, instant]);
  return row?.position ?? 0;
}
