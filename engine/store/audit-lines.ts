import type { Db } from './database.ts';

/** A line as it is stored; times and facts as the texts that were hashed. */
export interface StoredLine {
  readonly at: string;
  readonly who: string;
  readonly what: string;
  readonly subject: string;
  readonly outcome: string;
  /** JSON. */
  readonly facts: string;
}

/** A line that has its place in the chain. */
export interface LinkedLine extends StoredLine {
  readonly seq: number;
  readonly hash: string;
}

/** A line without a place yet. */
export interface UnlinkedLine extends StoredLine {
  readonly id: number;
}

/** Lines that wait for their place. */
export interface Waiting {
  readonly count: number;
  /** ISO time of the oldest; null when none waits. */
  readonly oldest: string | null;
}

/** From (inclusive) to (exclusive). */
export interface AuditPeriod {
  readonly from: Date;
  readonly until: Date;
}

const COLUMNS = ['at', 'who', 'what', 'subject', 'outcome', 'facts'] as const;

type Row = StoredLine & { readonly id: number | string; readonly seq: number | string; readonly hash: string | null };

/** Linked lines after `after`, in the order of the chain; all from the lowest when it is undefined. */
export async function linkedAfter(db: Db, after: number | undefined, limit: number): Promise<LinkedLine[]> {
  const query = db('audit')
    .select(...COLUMNS, 'seq', 'hash')
    .whereNotNull('seq');
  if (after !== undefined) query.where('seq', '>', after);
  const rows: Row[] = await query.orderBy('seq').limit(limit);
  return rows.map(linkedLine);
}

/** Lines that are not linked yet, those that were begun first first. */
export async function unlinked(db: Db, limit: number): Promise<UnlinkedLine[]> {
  const rows: Row[] = await db('audit')
    .select(...COLUMNS, 'id')
    .whereNull('seq')
    .orderBy('id')
    .limit(limit);
  return rows.map((row) => ({ ...stored(row), id: Number(row.id) }));
}

/** How many lines wait for their place, and since when. */
export async function waitingLines(db: Db, period?: AuditPeriod): Promise<Waiting> {
  const query = db('audit').count('* as count').min('at as oldest').whereNull('seq');
  if (period) within(query, period);
  const row: { count?: number | string; oldest?: string | null } | undefined = await query.first();
  return { count: Number(row?.count ?? 0), oldest: row?.oldest ?? null };
}

/** The place and hash of the last linked line; undefined when there is none. */
export async function lastLinked(db: Db): Promise<{ seq: number; hash: string } | undefined> {
  const row = await db('audit').select('seq', 'hash').whereNotNull('seq').orderBy('seq', 'desc').first();
  return row && { seq: Number(row.seq), hash: String(row.hash ?? '') };
}

/** The stored hash of the line at a place. */
export async function hashAt(db: Db, seq: number): Promise<string | undefined> {
  const row = await db('audit').select('hash').where({ seq }).first();
  return row && String(row.hash ?? '');
}

/** Which of the latest lines are meant. */
export interface AuditFilter {
  readonly who?: string;
  readonly what?: string;
  readonly subject?: string;
}

/** The latest lines, newest first, linked or not. */
export async function latestLines(
  db: Db,
  { who, what, subject }: AuditFilter,
  limit: number,
): Promise<(StoredLine & { readonly seq: number | null })[]> {
  const query = db('audit').select(...COLUMNS, 'seq', 'id');
  if (who !== undefined) query.where({ who });
  if (what !== undefined) query.where({ what });
  if (subject !== undefined) query.where({ subject });
  const rows: Row[] = await query.orderBy('id', 'desc').limit(limit);
  return rows.map((row) => ({ ...stored(row), seq: row.seq === null ? null : Number(row.seq) }));
}

/** A line that an organisation's managers may see. */
export interface OrganisationLine extends StoredLine {
  readonly id: number;
}

export interface OrganisationLines {
  readonly enterpriseNumber: string;
  /** Only what is about one of these; everything when absent. */
  readonly qualities?: readonly string[];
  /** Older than this line. */
  readonly before?: number;
  readonly limit: number;
}

/** The lines about an organisation, newest first. */
export async function organisationLines(db: Db, wanted: OrganisationLines): Promise<OrganisationLine[]> {
  const { enterpriseNumber: organisation, qualities, before, limit } = wanted;
  const query = db('audit')
    .select(...COLUMNS, 'id')
    .where({ organisation });
  if (qualities !== undefined) query.whereIn('quality', [...qualities]);
  if (before !== undefined) query.where('id', '<', before);
  const rows: Row[] = await query.orderBy('id', 'desc').limit(limit);
  return rows.map((row) => ({ ...stored(row), id: Number(row.id) }));
}

const PAGE = 1_000;

/** A linked line with the hash of the line before it: with the key, each line of an export can be checked by itself. */
export interface ExportedLine extends LinkedLine {
  readonly previous: string;
}

/** The linked lines of a period in the order of the chain, page by page. */
export async function* linesOf(db: Db, period: AuditPeriod, genesis: string): AsyncGenerator<ExportedLine> {
  const bounds = await within(db('audit').min('seq as first').max('seq as last'), period).first();
  if (bounds?.first === null || bounds?.first === undefined) return;
  const last = Number(bounds.last);
  for (let after = Number(bounds.first) - 1; after < last; ) {
    const rows = await pageOf(db, period, after, last);
    for (const row of rows) yield { ...linkedLine(row), previous: row.previous ?? genesis };
    if (rows.length < PAGE) return;
    after = Number(rows.at(-1)?.seq ?? last);
  }
}

async function pageOf(db: Db, period: AuditPeriod, after: number, last: number) {
  const columns = [...COLUMNS, 'seq', 'hash'].map((column) => `audit.${column}`);
  const query = db('audit')
    .leftJoin('audit as before', 'before.seq', db.raw('audit.seq - 1'))
    .select(...columns, 'before.hash as previous')
    .where('audit.seq', '>', after)
    .andWhere('audit.seq', '<=', last);
  const rows: (Row & { previous: string | null })[] = await within(query, period).orderBy('audit.seq').limit(PAGE);
  return rows;
}

function within<Q extends { where(column: string, operator: string, value: string): Q }>(
  query: Q,
  { from, until }: AuditPeriod,
): Q {
  return query.where('audit.at', '>=', from.toISOString()).where('audit.at', '<', until.toISOString());
}

const stored = ({ at, who, what, subject, outcome, facts }: Row): StoredLine => ({
  at,
  who,
  what,
  subject,
  outcome,
  facts,
});

const linkedLine = (row: Row): LinkedLine => ({ ...stored(row), seq: Number(row.seq), hash: row.hash ?? '' });
