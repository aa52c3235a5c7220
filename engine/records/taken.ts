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
  readonly days: string;
  readonly kinds: string;
}

/** The records of one authority: those of the period by position, then the late ones by position; to be read once. */
export interface Taken {
  readonly share: Share;
  readonly records: Iterable<TakenRecords> | AsyncIterable<TakenRecords>;
}

/** An authority with more records, or more in them, is read by itself, in batches; of others a few at a time are in memory. */
const LARGE = { records: 10_000, bytes: 8 * 2 ** 20 };
/** Authorities are read together up to so many records of PostgreSQL: one pass over the table serves them all. SQLite sorts in the thread that asks. */
const TOGETHER = { postgres: 200_000, sqlite: LARGE.records };
const MOST_TOGETHER = 1_000;
/** So near to the end of one query the next is asked: its transaction is idle no longer than these take. */
const AHEAD = 20_000;
const ROWS = { ofRecords: 500, ofAuthorities: 2 }; // at a time

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

const isLarge = ({ records, bytes }: Share) => records > LARGE.records || bytes > LARGE.bytes;

/** Authorities that are read by one query, which may be asked before its answer is wanted. */
function readAhead(db: Db, selection: Selection, together: readonly Share[]) {
  const [first] = together;
  const large = first && isLarge(first) ? first : undefined;
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
    if (!isLarge(share) && share.records <= room && last.length < MOST_TOGETHER) last.push(share);
    else {
      all.push([share]);
      room = isLarge(share) ? 0 : most;
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
async function* byAuthority(db: Db, selection: Selection, together: readonly Share[]): AsyncGenerator<Taken> {
  const shares = new Map(together.map((share) => [share.authority, share]));
  let [authority, records]: [string, TakenRecords[]] = ['', []];
  for await (const rows of streamRows<SharedRow>(db, ...sharedQuery(db, selection, together), ROWS.ofAuthorities)) {
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

function sharedQuery(db: Db, selection: Selection, together: readonly Share[]): [sql: string, bindings: Binding[]] {
  const { sql, bindings } = wantedOf(selection, together);
  const inJson = isSqlite(db) ? 'json_quote(kind)' : 'to_json(kind)::text';
  const arrayOf = (value: string) => `'[' || string_agg(${value}, ',' order by position, id) || ']'`;
  const columns = `${arrayOf('fields')} as fields, ${arrayOf(`'"' || day || '"'`)} as days, ${arrayOf(inJson)} as kinds`;
  return [
    `select authority, late, ${columns} from (${sql}) as taken group by authority, late order by authority, late`,
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
