import { type Db, isSqlite } from '../store/database.ts';
import { type Binding, placesFor } from '../store/sql.ts';
import { streamRows } from '../store/stream.ts';
import { branchesOf, type Selection, type Share } from './selection.ts';

/** Records of one authority that a run takes, as JSON arrays that have an element for each: they go on as they are. */
export interface TakenRecords {
  /** True when they are of earlier periods than the run's. */
  readonly late: boolean;
  /** Their values by name. */
  readonly fields: string;
  /** Of late records; of the others if they were asked for, else none. */
  readonly days: string;
  /** None if they were not asked for. */
  readonly kinds: string;
}

/** What is asked for besides the fields. */
export interface Besides {
  readonly days: boolean;
  readonly kinds: boolean;
}

const ALL: Besides = { days: true, kinds: true };

/** The records of one authority: those of the period by position, then the late ones by position; to be read once. */
export interface Taken {
  readonly share: Share;
  readonly records: Iterable<TakenRecords> | AsyncIterable<TakenRecords>;
}

/** An authority with more records, or more in them, is read by itself, in batches; of others a few at a time are in memory. */
const LARGE = { records: 10_000, bytes: 8 * 2 ** 20 };
/**
 * Authorities are read together up to so many records of PostgreSQL: one pass over the table serves them all. The first
 * are fewer, so that there is work while the others are sorted. SQLite sorts in the thread that asks.
 */
const TOGETHER = {
  postgres: { first: 100_000, records: 1_000_000 },
  sqlite: { first: LARGE.records, records: LARGE.records },
};
const MOST_TOGETHER = 1_000;
/** So near to the end of one query the next is asked: its transaction is idle no longer than these take. */
const AHEAD = 100_000;
const ROWS = { ofRecords: 500, ofAuthorities: 2 }; // at a time

/**
 * The records of authorities, one authority after the other; whoever reads may work on several at a time. Memory does
 * not grow with them. A connection or two are held until the end, and no more time may pass between two authorities than a
 * transaction may be idle.
 */
export async function* recordsInTurn(
  db: Db,
  selection: Selection,
  shares: readonly Share[],
  besides: Besides = ALL,
): AsyncGenerator<Taken> {
  const parts = readTogether(shares, isSqlite(db) ? TOGETHER.sqlite : TOGETHER.postgres).map((together) =>
    readAhead(db, { selection, besides }, together),
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

const isLarge = ({ records, bytes }: Share) => records > LARGE.records || bytes > LARGE.bytes;

interface Wanted {
  readonly selection: Selection;
  readonly besides: Besides;
}

/** Authorities that are read by one query, which may be asked before its answer is wanted. */
function readAhead(db: Db, wanted: Wanted, together: readonly Share[]) {
  const [first] = together;
  const large = first && isLarge(first) ? first : undefined;
  let reading: AsyncGenerator<Taken> | undefined;
  let next: Promise<IteratorResult<Taken>> | undefined;

  function begin(): void {
    if (large || reading) return;
    reading = byAuthority(db, wanted, together);
    next = reading.next();
    next.catch(() => undefined); // whoever reads hears of it
  }

  async function* read(): AsyncGenerator<Taken> {
    if (large) return yield { share: large, records: inBatches(db, wanted.selection, large) };
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

function readTogether(shares: readonly Share[], most: { readonly first: number; readonly records: number }): Share[][] {
  const all: Share[][] = [];
  let room = 0;
  for (const share of shares) {
    const last = all.at(-1) ?? [];
    if (!isLarge(share) && share.records <= room && last.length < MOST_TOGETHER) last.push(share);
    else {
      room = isLarge(share) ? 0 : all.length === 0 ? most.first : most.records;
      all.push([share]);
    }
    room -= share.records;
  }
  return all;
}

interface Row {
  readonly late: number;
  readonly day: string;
  readonly kind: string;
  /** By name, as JSON. */
  readonly fields: string;
}

async function* inBatches(db: Db, selection: Selection, share: Share): AsyncGenerator<TakenRecords> {
  const { sql, bindings } = wantedOf(selection, [share]);
  const inOrder = `select day, kind, fields, late from (${sql}) as taken order by late, position, id`;
  for await (const rows of streamRows<Row>(db, inOrder, bindings, ROWS.ofRecords)) {
    for (const late of [0, 1]) {
      const alike = rows.filter((row) => Number(row.late) === late);
      if (alike.length > 0) yield togetherOf(alike, late === 1);
    }
  }
}

function togetherOf(rows: readonly Row[], late: boolean): TakenRecords {
  return {
    late,
    fields: `[${rows.map(({ fields }) => fields).join(',')}]`,
    days: JSON.stringify(rows.map(({ day }) => day)),
    kinds: JSON.stringify(rows.map(({ kind }) => kind)),
  };
}

interface SharedRow extends Omit<TakenRecords, 'late'> {
  readonly authority: string;
  readonly late: number;
}

/** The database puts the records of an authority together: to take a million rows apart costs more than to write them. */
async function* byAuthority(db: Db, wanted: Wanted, together: readonly Share[]): AsyncGenerator<Taken> {
  const shares = new Map(together.map((share) => [share.authority, share]));
  let [authority, records]: [string, TakenRecords[]] = ['', []];
  for await (const rows of streamRows<SharedRow>(db, ...sharedQuery(db, wanted, together), ROWS.ofAuthorities)) {
    for (const row of rows) {
      const share = row.authority === authority ? undefined : shares.get(authority);
      if (share) yield { share, records };
      if (row.authority !== authority) [authority, records] = [row.authority, []];
      const { fields, days, kinds } = row;
      records.push({ late: Number(row.late) === 1, fields, days, kinds });
    }
  }
  const last = shares.get(authority);
  if (last) yield { share: last, records };
}

function sharedQuery(
  db: Db,
  { selection, besides }: Wanted,
  together: readonly Share[],
): [sql: string, bindings: Binding[]] {
  const { sql, bindings } = wantedOf(selection, together);
  const inJson = isSqlite(db) ? 'json_quote(kind)' : 'to_json(kind)::text';
  // each is sorted by itself; of no records it is null
  const arrayOf = (value: string, which = '') =>
    `'[' || coalesce(string_agg(${value}, ',' order by position, id)${which}, '') || ']'`;
  const days = arrayOf(`'"' || day || '"'`, besides.days ? '' : ' filter (where late = 1)');
  const kinds = besides.kinds ? arrayOf(inJson) : `'[]'`;
  return [
    `select authority, late, ${arrayOf('fields')} as fields, ${days} as days, ${kinds} as kinds from (${sql}) as taken
      group by authority, late order by authority, late`,
    bindings,
  ];
}

function wantedOf(selection: Selection, shares: readonly Share[]): { sql: string; bindings: Binding[] } {
  const authorities = shares.map(({ authority }) => authority);
  const branches = branchesOf(selection).map(({ late, condition }) => ({
    sql: `select authority, id, day, kind, fields, position, ${late} as late from records
      where authority in (${placesFor(authorities)}) and ${condition.sql}`,
    bindings: [...authorities, ...condition.bindings],
  }));
  return {
    sql: branches.map(({ sql }) => sql).join(' union all '),
    bindings: branches.flatMap((branch) => branch.bindings),
  };
}
