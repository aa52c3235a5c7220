import { startOfDay } from '../core/calendar.ts';
import { type Db, isSqlite } from '../store/database.ts';
import { type Binding, placesFor, rowsOf } from '../store/sql.ts';
import { streamRows } from '../store/stream.ts';

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

/** A record that a run takes. */
export interface TakenRecord {
  readonly id: number;
  readonly day: string;
  readonly kind: string;
  /** By name, as JSON. */
  readonly fields: string;
  /** True when it is of an earlier period than the run's. */
  readonly late: boolean;
}

interface Row {
  readonly authority: string;
  readonly id: string | number;
  readonly day: string;
  readonly kind: string;
  readonly fields: string;
  readonly late: number;
}

/** An authority with more records than this is read by itself, in batches; the others are held in memory one at a time. */
const LARGE = 10_000;
/** Authorities are read together up to so many records of PostgreSQL: one pass over the table serves them all. SQLite sorts in the thread that asks. */
const TOGETHER = { postgres: 200_000, sqlite: LARGE };
const MOST_TOGETHER = 1_000;
/** So near to the end of one query the next is asked: its transaction is idle no longer than these take. */
const AHEAD = 20_000;
const PER_BATCH = 500;

/** The records of one authority: those of the period by position, then the late ones by position; to be read once. */
export interface Taken {
  readonly share: Share;
  readonly records: Iterable<TakenRecord[]> | AsyncIterable<TakenRecord[]>;
}

/**
 * The records of authorities, one authority after the other; whoever reads may work on several at a time. Memory does
 * not grow with them. A connection or two are held until the end, and no more time may pass between two authorities than a
 * transaction may be idle.
 */
export async function* recordsInTurn(db: Db, selection: Selection, shares: readonly Share[]): AsyncGenerator<Taken> {
  const parts = readTogether(shares, isSqlite(db) ? TOGETHER.sqlite : TOGETHER.postgres).map((together) =>
    readAhead(db, selection, together),
  );
  try {
    for (const [index, part] of parts.entries()) {
      let left = part.records;
      for await (const taken of part.read()) {
        left -= taken.share.records;
        // the database sorts what comes next while the rest of this is worked on; a large one is not read yet, and takes long
        if (left <= AHEAD && !part.large) parts[index + 1]?.begin();
        yield taken;
      }
    }
  } finally {
    await Promise.all(parts.map((part) => part.leave()));
  }
}

/** Authorities that are read by one query, which may be asked before its answer is wanted. */
function readAhead(db: Db, selection: Selection, together: readonly Share[]) {
  const [first] = together;
  const large = first && first.records > LARGE ? first : undefined;
  let reading: AsyncGenerator<Taken> | undefined;
  let next: Promise<IteratorResult<Taken>> | undefined;

  function begin(): void {
    if (large || reading) return;
    reading = byAuthority(db, selection, together);
    next = reading.next();
    next.catch(() => undefined); // whoever reads hears of it
  }

  async function* read(): AsyncGenerator<Taken> {
    if (large) return yield { share: large, records: inBatches(db, selection, large) };
    begin();
    for (let one = await next; one && !one.done; one = await reading?.next()) yield one.value;
  }

  return {
    large: large !== undefined,
    records: together.reduce((sum, { records }) => sum + records, 0),
    begin,
    read,
    leave: async () => void (await reading?.return(undefined)),
  };
}

function readTogether(shares: readonly Share[], most: number): Share[][] {
  const all: Share[][] = [];
  let room = 0;
  for (const share of shares) {
    const last = all.at(-1) ?? [];
    if (share.records <= Math.min(room, LARGE) && last.length < MOST_TOGETHER) last.push(share);
    else {
      all.push([share]);
      room = share.records > LARGE ? 0 : most;
    }
    room -= share.records;
  }
  return all;
}

async function* inBatches(db: Db, selection: Selection, share: Share): AsyncGenerator<TakenRecord[]> {
  for await (const rows of streamRows<Row>(db, ...queryOf(selection, [share]), PER_BATCH)) yield rows.map(fromRow);
}

async function* byAuthority(db: Db, selection: Selection, together: readonly Share[]): AsyncGenerator<Taken> {
  const shares = new Map(together.map((share) => [share.authority, share]));
  let [authority, records]: [string, TakenRecord[]] = ['', []];
  for await (const rows of streamRows<Row>(db, ...queryOf(selection, together), PER_BATCH)) {
    for (const row of rows) {
      const share = row.authority === authority ? undefined : shares.get(authority);
      if (share) yield { share, records: [records] };
      if (row.authority !== authority) [authority, records] = [row.authority, []];
      records.push(fromRow(row));
    }
  }
  const last = shares.get(authority);
  if (last) yield { share: last, records: [records] };
}

function queryOf(selection: Selection, shares: readonly Share[]): [sql: string, bindings: Binding[]] {
  const authorities = shares.map(({ authority }) => authority);
  const branches = branchesOf(selection).map(({ late, condition }) => ({
    sql: `select authority, id, day, kind, fields, position, ${late} as late from records
      where authority in (${placesFor(authorities)}) and ${condition.sql}`,
    bindings: [...authorities, ...condition.bindings],
  }));
  const union = branches.map(({ sql }) => sql).join(' union all ');
  const sql = `select authority, id, day, kind, fields, late from (${union}) as taken
    order by authority, late, position, id`;
  return [sql, branches.flatMap((branch) => branch.bindings)];
}

/** How many records of an authority a run takes. */
export interface Share {
  readonly authority: string;
  readonly records: number;
  /** Of them, those of earlier periods. */
  readonly late: number;
}

/** The authorities that a run takes records of, in the order of their numbers. */
export async function sharesOf(db: Db, selection: Selection): Promise<Share[]> {
  const branches = branchesOf(selection).map(({ late, condition }) => ({
    sql: `select authority, count(*) as records, ${late} * count(*) as late from records where ${condition.sql} group by authority`,
    bindings: condition.bindings,
  }));
  const union = branches.map(({ sql }) => sql).join(' union all ');
  const sql = `select authority, sum(records) as records, sum(late) as late from (${union}) as taken group by authority order by authority`;
  const rows = await rowsOf<{ authority: string; records: string | number; late: string | number }>(
    db,
    sql,
    branches.flatMap((branch) => branch.bindings),
  );
  return rows.map(({ authority, records, late }) => ({ authority, records: Number(records), late: Number(late) }));
}

interface Condition {
  readonly sql: string;
  readonly bindings: readonly Binding[];
}

interface Branch {
  readonly late: 0 | 1;
  readonly condition: Condition;
}

// branches, as one condition with `or` would keep the database from its indices
function branchesOf(selection: Selection): Branch[] {
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

function fromRow({ id, day, kind, fields, late }: Row): TakenRecord {
  return { id: Number(id), day, kind, fields, late: Number(late) === 1 };
}
