import { type Db, isSqlite } from '../store/database.ts';
import { type Binding, placesFor, rowsOf } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';
import { type SearchLanguage, searchPatterns } from './fold.ts';
import { type PlacedFilter, placedConditions } from './list.ts';

/** What is searched for: messages that say it, and messages of what is called so. */
export interface Search {
  readonly query: string;
  readonly language: SearchLanguage;
  /** Message types, applications and organisations whose names have the query in them. */
  readonly types: readonly string[];
  readonly applications: readonly string[];
  readonly organisations: readonly string[];
}

/** Where is searched. */
export interface Searched {
  readonly mailbox: number;
  /** How many messages have ever come, if that is known. */
  readonly everReceived?: number;
  readonly filter: PlacedFilter;
  readonly search: Search;
}

/** What a search found: positions, newest first. */
export interface Hits {
  readonly positions: readonly number[];
  /** Whether there are no others, older ones. */
  readonly isAll: boolean;
}

const FEW = 1_000;
const REACHES = [1_500, 10_000]; // positions from the newest
const SELDOM = 0.01; // of those: the index finds the rest faster

/**
 * Finds the messages of a mailbox that a search means: all, or the newest 1,000 or so when they are more. Those before
 * `before` only, when it is given.
 */
export async function findHits(db: Db, searched: Searched, before?: number): Promise<Hits> {
  const { filter, search } = searched;
  const bounded = before === undefined ? filter : { ...filter, below: least(filter.below, before) };
  const positions = new Set<number>();
  let complete = 0; // from this position on every hit is known
  for (const way of waysTo(search)) {
    const rows = await foundBy(db, { ...searched, filter: bounded }, way);
    for (const position of rows) positions.add(position);
    if (rows.length > FEW) complete = Math.max(complete, rows.at(-1) ?? 0);
  }
  const known = [...positions].filter((position) => position >= complete);
  return { positions: known.sort((one, other) => other - one), isAll: complete === 0 };
}

/** What one way finds, newest first; at most one more than a few. */
async function foundBy(db: Db, { mailbox, everReceived, filter }: Searched, way: Way): Promise<number[]> {
  const { from, wanted, values } = way;
  const all = placedConditions(filter);
  const filtered = { conditions: [...all.conditions, wanted], bindings: [...all.bindings, ...values] };
  if (from === 'mailbox_messages') return positionsIn(db, from, mailbox, filtered);
  if (everReceived !== undefined && everReceived <= FEW) return positionsIn(db, BOTH, mailbox, filtered);
  const said = await saidIn(db, mailbox, filter.below ?? (everReceived ?? (await newestIn(db, mailbox))) + 1, way);
  const isFiltered = all.conditions.length > (filter.below === undefined ? 0 : 1);
  if (!isFiltered || said.length === 0) return said;
  if (said.length > FEW) return positionsIn(db, BOTH, mailbox, filtered);
  // few say it: what the database guesses of both conditions together is far from what it finds
  return positionsIn(db, 'mailbox_messages', mailbox, {
    conditions: [...all.conditions, `position in (${placesFor(said)})`],
    bindings: [...all.bindings, ...said],
  });
}

/**
 * What says it. The newest are gone through, a few first: what many say is found there; what few say is found by the index
 * over the text.
 */
async function saidIn(db: Db, mailbox: number, below: number, way: Way): Promise<number[]> {
  const { from, wanted, values } = way;
  const found: number[] = [];
  let floor = below - 1;
  for (const reach of REACHES) {
    const newest = floor;
    floor = Math.max(0, below - reach);
    const near = { conditions: ['position > ?', 'position <= ?', wanted], bindings: [floor, newest, ...values] };
    found.push(...(await positionsIn(db, from, mailbox, near)));
    if (found.length > FEW || floor === 0) return found.slice(0, FEW + 1);
    if (found.length <= reach * SELDOM) break;
  }
  const older = await byText(db, mailbox, floor, values);
  return [...found, ...older].slice(0, FEW + 1);
}

async function newestIn(db: Db, mailbox: number): Promise<number> {
  const sql = 'select max(position) as newest from mailbox_search where mailbox = ?';
  const [row] = await rowsOf<{ newest: number | null }>(db, sql, [mailbox]);
  return row?.newest ?? 0;
}

/**
 * PostgreSQL guesses how many say it from all mailboxes together: where they are more elsewhere, it would go through a mailbox
 * of half a million to find twenty. With these it can only choose among indices that are read as a whole; and each pattern is
 * asked for by itself, as it guesses twice as many of two.
 */
async function byText(db: Db, mailbox: number, floor: number, patterns: readonly Binding[]): Promise<number[]> {
  const one = "select position from mailbox_search where mailbox = ? and position <= ? and search like ? escape '\\'";
  const sql = `${patterns.map(() => one).join(' union ')} order by position desc limit ${FEW + 1}`;
  const bindings = patterns.flatMap((pattern) => [mailbox, floor, pattern]);
  const ask = async (tx: Db) =>
    (await plannedAnew<{ position: number }>(tx, sql, bindings)).map(({ position }) => position);
  if (isSqlite(db)) return ask(db);
  return inTransaction(db, async (tx) => {
    await tx.raw(
      'set local enable_indexscan = off; set local enable_indexonlyscan = off; set local enable_seqscan = off',
    );
    return ask(tx);
  });
}

const BOTH = 'mailbox_search join mailbox_messages using (mailbox, position)';

async function positionsIn(
  db: Db,
  from: string,
  mailbox: number,
  { conditions, bindings }: { readonly conditions: readonly string[]; readonly bindings: readonly Binding[] },
): Promise<number[]> {
  const sql = `select position from ${from} where ${['mailbox = ?', ...conditions].join(' and ')}
    order by position desc limit ${FEW + 1}`;
  return (await plannedAnew<{ position: number }>(db, sql, [mailbox, ...bindings])).map(({ position }) => position);
}

/**
 * PostgreSQL plans it each time, for this mailbox and these words: what is best for a mailbox of a hundred messages takes long
 * in one of a hundred thousand.
 */
async function plannedAnew<T>(db: Db, sql: string, bindings: readonly Binding[]): Promise<T[]> {
  return isSqlite(db) ? rowsOf<T>(db, sql, bindings) : (await db.raw(sql, [...bindings])).rows;
}

const least = (one: number | undefined, other: number) => (one === undefined ? other : Math.min(one, other));

/** One way by which messages are meant. */
interface Way {
  readonly from: 'mailbox_search' | 'mailbox_messages';
  readonly wanted: string;
  readonly values: readonly Binding[];
}

/** Each by itself: an index serves each of them. */
function waysTo({ query, language, types, applications, organisations }: Search): Way[] {
  const patterns = searchPatterns(query, language);
  const saying: Way = {
    from: 'mailbox_search',
    wanted: `(${patterns.map(() => "search like ? escape '\\'").join(' or ')})`,
    values: patterns,
  };
  const among = (column: string, values: readonly string[]): Way[] =>
    values.length === 0 ? [] : [{ from: 'mailbox_messages', wanted: `${column} in (${placesFor(values)})`, values }];
  return [
    saying,
    ...among('message_type', types),
    ...among('sender_application', applications),
    ...among('sender_organisation', organisations),
  ];
}
