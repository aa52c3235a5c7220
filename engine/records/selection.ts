import { startOfDay } from '../core/calendar.ts';
import type { Db } from '../store/database.ts';
import { type Binding, placesFor, rowsOf } from '../store/sql.ts';

/**
 * The records that a run of a list takes. With `take: 'arrived'` those of its period that had arrived by its cutoff,
 * and those of earlier periods that the run before it did not take: they arrived since, or are of days that had not come
 * then and that no run was made for. So each record is taken by exactly one run of a list, and that is decided by its
 * day and id alone. With `take: 'open'` all that were open at an instant.
 */
export interface Selection {
  readonly source: string;
  /** Only of these kinds; of all when empty. */
  readonly kinds: readonly string[];
  /** The period: YYYY-MM-DD, `until` exclusive. */
  readonly from: string;
  readonly until: string;
  /** Ids after this are late when their day is before `from`. */
  readonly after: number;
  /** Ids up to this are taken. */
  readonly cutoff: number;
  /** Where the period of the run before ended, exclusive: days from here to `from` are late whatever their id. Null of the first run. */
  readonly previousUntil: string | null;
  readonly take: 'arrived' | 'open';
  /** With `take: 'open'`: what was closed at or after this instant was still open. */
  readonly openAt: Date;
  /** Leaves out what authorities get by itself; with `take: 'open'` what went so in this period, and authorities that got all of it so: but for what reached nobody that way. */
  readonly withoutElectronic: boolean;
  /** Authorities that are left out. */
  readonly without: readonly string[];
}

/** How many records of an authority a run takes. */
export interface Share {
  readonly authority: string;
  readonly records: number;
  /** Of them, those of earlier periods. */
  readonly late: number;
  /** Of what is in them, as it is kept. */
  readonly bytes: number;
}

/** The authorities that a run takes records of, in the order of their numbers. */
export async function sharesOf(db: Db, selection: Selection): Promise<Share[]> {
  const branches = branchesOf(selection).map(({ late, condition }) => ({
    sql: `select authority, count(*) as records, ${late} * count(*) as late, sum(octet_length(fields)) as bytes
      from records where ${condition.sql} group by authority`,
    bindings: condition.bindings,
  }));
  const union = branches.map(({ sql }) => sql).join(' union all ');
  const rows = await rowsOf<{ readonly [column in keyof Share]: string | number }>(
    db,
    `select authority, sum(records) as records, sum(late) as late, sum(bytes) as bytes
      from (${union}) as taken group by authority order by authority`,
    branches.flatMap((branch) => branch.bindings),
  );
  return rows.map(({ authority, records, late, bytes }) => ({
    ...{ authority: String(authority), records: Number(records), late: Number(late), bytes: Number(bytes) },
  }));
}

/** A part of a statement with its values. */
export interface Condition {
  readonly sql: string;
  readonly bindings: readonly Binding[];
}

/** Records that a run takes for one reason. */
export interface Branch {
  /** 1 when they are of earlier periods. */
  readonly late: 0 | 1;
  readonly condition: Condition;
}

/** The reasons for which a run takes records; apart, as one condition with `or` would keep the database from its indices. */
export function branchesOf(selection: Selection): Branch[] {
  const { from, until, after, cutoff, previousUntil, take, openAt } = selection;
  const all = [{ sql: 'source = ?', bindings: [selection.source] }, ...limitsOf(selection)];
  if (take === 'open') {
    const open = 'day < ? and id <= ? and (closed_at is null or closed_at >= ?)';
    return [branch(0, [...all, { sql: open, bindings: [until, cutoff, openAt.toISOString()] }])];
  }
  const ofDays = 'day >= ? and day < ? and id <= ?';
  const skipped = previousUntil !== null && previousUntil < from;
  return [
    branch(0, [...all, { sql: ofDays, bindings: [from, until, cutoff] }]),
    branch(1, [...all, { sql: 'id > ? and id <= ? and day < ?', bindings: [after, cutoff, from] }]),
    ...(skipped ? [branch(1, [...all, { sql: ofDays, bindings: [previousUntil, from, after] }])] : []),
  ];
}

function branch(late: 0 | 1, conditions: readonly Condition[]): Branch {
  const sql = conditions.map((condition) => condition.sql).join(' and ');
  return { late, condition: { sql, bindings: conditions.flatMap(({ bindings }) => bindings) } };
}

function limitsOf(selection: Selection): Condition[] {
  const { kinds, without, withoutElectronic, take } = selection;
  return [
    ...(withoutElectronic ? [take === 'open' ? stopped(selection) : { sql: 'alone = 0', bindings: [] }] : []),
    ...(kinds.length > 0 ? [{ sql: `kind in (${placesFor(kinds)})`, bindings: kinds }] : []),
    ...(without.length > 0 ? [{ sql: `authority not in (${placesFor(without)})`, bindings: without }] : []),
  ];
}

// a summary stops with the first whole period of the other way; until then it leaves out what went by itself in its period,
// of whatever day, as each signal goes by one way in a period. What reached nobody that other way is in the lists, and stays in it
function stopped({ from, until }: Selection): Condition {
  const sql = `not (alone = 1 and (day >= ? or arrived_at >= ?)) and not exists (select 1 from electronic_authorities as e
    where e.source = records.source and e.authority = records.authority and e.from_day <= ? and (e.until_day is null or e.until_day >= ?)
    and (alone = 1 or (records.day < e.from_day and arrived_at < e.from_at)))`;
  return { sql, bindings: [from, startOfDay(from).toISOString(), from, until] };
}
