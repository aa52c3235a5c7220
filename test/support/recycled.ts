import type { Db } from '../../engine/store/database.ts';
import { type NewDatabase, newDatabase, onServer } from './databases.ts';

const OTHERS = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`;

/** Columns of tables, indexes and sequences; constraints; triggers. */
const SHAPE = `select md5(string_agg(line, ', ' order by line)) as shape from (
    select format('%s %s %s', c.relname, a.attname, a.atttypid) as line
    from pg_class c join pg_attribute a on a.attrelid = c.oid where c.relnamespace = 'public'::regnamespace
    union all select format('%s %s', conrelid::regclass, conname) from pg_constraint
    where connamespace = 'public'::regnamespace
    union all select format('%s %s', tgrelid::regclass, tgname) from pg_trigger where not tgisinternal
  ) as lines`;

// all tables in one statement: references between them are checked at its end
const EMPTY = `do $$ declare deletions text; begin
  select string_agg(format('d%s as (delete from %s)', oid, oid::regclass), ', ') into deletions from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'schema_versions';
  execute 'with ' || deletions || ' select 1';
  perform setval(seqrelid::regclass, seqstart, false) from pg_sequence;
end $$`;

/** Databases of this process that were used and are as new. */
const emptied: NewDatabase[] = [];

/** What a migrated database is as new. */
interface AsNew {
  readonly shape: string;
  readonly version: number;
  /** Rows that migrations put in (counters), by table. */
  readonly rows: readonly (readonly [table: string, rows: readonly object[]])[];
}

let original: AsNew | undefined;

/**
 * A migrated, empty database: a copy of `template`, or one that was used before, as a copy costs PostgreSQL half a second
 * of processor time. `remove` ends its connections and empties it for the next; one whose schema was changed it drops.
 */
export async function recycledDatabase(server: string, template: string): Promise<NewDatabase> {
  const database = emptied.pop() ?? (await newDatabase(server, template));
  original ??= await onServer(database.url, asNew);
  async function remove(): Promise<void> {
    if (await onServer(database.url, isEmptied)) emptied.push(database);
    else await database.remove();
  }
  return { ...database, remove };
}

async function isEmptied(db: Db): Promise<boolean> {
  await db.raw(OTHERS);
  if (!original || (await shapeOf(db)) !== original.shape) return false;
  if ((await versionOf(db)) !== original.version) return false;
  await db.raw(EMPTY);
  for (const [table, rows] of original.rows) await db(table).insert(rows);
  return true;
}

async function asNew(db: Db): Promise<AsNew> {
  const tables: string[] = await db('pg_tables').where({ schemaname: 'public' }).pluck('tablename');
  const rows: [string, object[]][] = [];
  for (const table of tables.filter((name) => name !== 'schema_versions')) rows.push([table, await db(table).select()]);
  const [shape, version] = [await shapeOf(db), await versionOf(db)];
  return { shape, version, rows: rows.filter(([, some]) => some.length > 0) };
}

async function versionOf(db: Db): Promise<number> {
  const row = await db('schema_versions').max('number as newest').first();
  return Number(row?.newest);
}

async function shapeOf(db: Db): Promise<string> {
  const { rows } = await db.raw(SHAPE);
  return rows[0].shape;
}
