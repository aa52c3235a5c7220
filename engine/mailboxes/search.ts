import type { Db } from '../store/database.ts';
import { type Binding, placesFor, rowsOf } from '../store/sql.ts';
import { type SearchLanguage, searchPatterns } from './fold.ts';
import { type Page, type PlacedFilter, placedConditions } from './list.ts';
import { type Placed, type PlacedRow, placedOf } from './placed.ts';

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
  readonly filter: PlacedFilter;
  readonly search: Search;
}

/** What a search found, newest first. */
export type Hits =
  /** So few that they are known by their positions. */
  | { readonly kind: 'few'; readonly positions: readonly number[] }
  /** More: the newest are found by going through the mailbox. */
  | { readonly kind: 'many' };

const FEW = 1_000;

/** Finds the messages of a mailbox that a search means: indexes find them when they are few. */
export async function findHits(db: Db, searched: Searched): Promise<Hits> {
  const positions = new Set<number>();
  for (const condition of [saying(searched.search), ...calledSo(searched.search)]) {
    const [from, bindings] = hitsFrom(searched, condition);
    const rows = await rowsOf<{ position: number }>(db, `select position ${from} limit ${FEW + 1}`, bindings);
    for (const { position } of rows) positions.add(position);
    if (positions.size > FEW) return { kind: 'many' };
  }
  return { kind: 'few', positions: [...positions].sort((one, other) => other - one) };
}

/** Messages that a search means, newest first: by going through the mailbox. */
export async function scanHits(db: Db, searched: Searched, { before, skip = 0, limit }: Page): Promise<Placed[]> {
  const [from, bindings] = hitsFrom(searched, anyOf(searched.search), before);
  const sql = `select p.* ${from} order by position desc limit ? offset ?`;
  return (await rowsOf<PlacedRow>(db, sql, [...bindings, limit, skip])).map(placedOf);
}

/** How many messages a search means; undefined when it is more than `bound`. */
export async function countHits(db: Db, searched: Searched, bound: number): Promise<number | undefined> {
  const [from, bindings] = hitsFrom(searched, anyOf(searched.search));
  const sql = `select count(*) as found from (select 1 ${from} limit ?) as hits`;
  const [row] = await rowsOf<{ found: number | string }>(db, sql, [...bindings, bound + 1]);
  const found = Number(row?.found ?? 0);
  return found > bound ? undefined : found;
}

type Condition = readonly [string, readonly Binding[]];

// of the message only what it is found by: its other columns are called as those of its place are
const FROM = 'from mailbox_messages p join (select id, search from messages) m on m.id = p.message_id';

function hitsFrom({ mailbox, filter }: Searched, [wanted, values]: Condition, before?: number): [string, Binding[]] {
  const { conditions, bindings } = placedConditions(filter);
  const all = ['mailbox = ?', ...conditions, ...(before === undefined ? [] : ['position < ?']), wanted];
  const bound = [mailbox, ...bindings, ...(before === undefined ? [] : [before]), ...values];
  return [`${FROM} where ${all.join(' and ')}`, bound];
}

function saying({ query, language }: Search): Condition {
  const patterns = searchPatterns(query, language);
  return [`(${patterns.map(() => "search like ? escape '\\'").join(' or ')})`, patterns];
}

function calledSo({ types, applications, organisations }: Search): Condition[] {
  const among = (column: string, values: readonly string[]): Condition[] =>
    values.length === 0 ? [] : [[`${column} in (${placesFor(values)})`, values]];
  return [
    ...among('message_type', types),
    ...among('sender_application', applications),
    ...among('sender_organisation', organisations),
  ];
}

function anyOf(search: Search): Condition {
  const any = [saying(search), ...calledSo(search)];
  return [`(${any.map(([condition]) => condition).join(' or ')})`, any.flatMap(([, values]) => values)];
}
