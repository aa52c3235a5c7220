import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../config/package-root.ts';
import { openStore } from '../../engine/store/database.ts';
import { migrate } from '../../engine/store/migrate.ts';
import { unhurried } from '../../engine/store/postgres.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { createPostgres } from '../../test/support/postgres-server.ts';
import { freePort } from '../demonstration/engine.ts';

/** One figure of the bench of lists. */
export interface ListFigure {
  readonly bench: 'lists';
  readonly case: string;
  readonly value: number;
  readonly unit: string;
  readonly reference: number | null;
  readonly ratio: number | null;
  readonly bar: number | null;
  readonly ok: boolean;
}

const RATIO_BAR = 4;
const MEMORY_BAR_MIB = 300;
const FLAT_BAR = 1.2;
const TEXTS = 'csv,fixed,xml,zip';
const run = promisify(execFile);

/** A month of this many paid lines, shared by these authorities alike. */
interface Month {
  readonly period: string;
  readonly lines: number;
  readonly authorities: number;
}

// as many lines for each authority in both: the smaller is an installation with fewer of them
const SMALL: Month = { period: '2026-01', lines: 10_000, authorities: 6 };
const LARGE: Month = { period: '2026-02', lines: 1_000_000, authorities: 600 };
const PRINTED: Month = { period: '2026-03', lines: 20_000, authorities: 12 };

/**
 * The monthly statement of all authorities in every format but PDF, published, on a PostgreSQL with fsync, against
 * `COPY (SELECT … ORDER BY …) TO STDOUT` of the same rows; then its memory, its cost per line, and the rate of PDF.
 */
export async function* benchLists(): AsyncGenerator<ListFigure> {
  const dir = await mkdtemp(join(tmpdir(), 'bode-bench-lists-'));
  await chmod(dir, 0o711);
  const server = await createPostgres(join(dir, 'postgres'), await freePort());
  server.victim.launch();
  try {
    await server.victim.ready();
    const { url } = server;
    for (const month of [SMALL, LARGE, PRINTED]) await fill(url, month);
    const small = await make(url, SMALL, TEXTS);
    const copied = Math.min(await copy(url, LARGE), await copy(url, LARGE));
    const large = await make(url, LARGE, TEXTS);
    const ratio = large.seconds / copied;
    yield figure('1,000,000 lines, 600 authorities', large.seconds, 's', {
      reference: copied,
      ratio,
      bar: RATIO_BAR,
      ok: ratio <= RATIO_BAR,
    });
    yield figure('memory', large.memoryMib, 'MiB', { bar: MEMORY_BAR_MIB, ok: large.memoryMib <= MEMORY_BAR_MIB });
    const [each, before] = [perLine(large, LARGE), perLine(small, SMALL)];
    const growth = each / before;
    yield figure('a line of 1,000,000 against one of 10,000', each, 'µs', {
      reference: before,
      ratio: growth,
      bar: FLAT_BAR,
      ok: growth <= FLAT_BAR,
    });
    const printed = await make(url, PRINTED, 'pdf');
    yield figure('PDF', PRINTED.lines / printed.seconds, 'lines/s', {});
  } finally {
    await server.victim.terminate(10_000);
    await rm(dir, { recursive: true, force: true });
  }
}

const perLine = ({ seconds }: Made, { lines }: Month) => (seconds * 1e6) / lines;

function figure(name: string, value: number, unit: string, with_: Partial<ListFigure>): ListFigure {
  return { bench: 'lists', case: name, value, unit, reference: null, ratio: null, bar: null, ok: true, ...with_ };
}

/** Fills in the database itself: how records get there is not what is measured. */
async function fill(url: string, { period, lines, authorities }: Month): Promise<void> {
  const db = openStore({ url });
  try {
    await migrate(db);
    await inTransaction(db, (tx) => unhurried(tx, async () => void (await tx.raw(FILL, [period, authorities, lines]))));
    await inTransaction(db, (tx) => unhurried(tx, async () => void (await tx.raw('analyze records'))));
  } finally {
    await db.destroy();
  }
}

const FILL = `insert into records (source, authority, kind, day, position, fields, arrived_at, ticket, form_index, line)
  select 'payments', lpad((200000000 + n % given.authorities * 97)::text, 10, '0'), '1', given.period || '-01',
    lpad((n::bigint * 7919 % 99999999)::text, 11, '0'),
    json_build_object('CompanyID', '0200000000', 'Nis', '44021', 'Law', '1', 'YearMonth', replace(given.period, '-', ''),
      'DossierNumber', lpad((n::bigint * 7919 % 99999999)::text, 11, '0'), 'INSS', '93051822361', 'Reference', lpad(n::text, 12, '0'),
      'AmountType', '1', 'FirstDay', '20260101', 'LastDay', '20260131', 'BudgetArticle', '101', 'Sign', '+',
      'Amount', lpad((n % 100000)::text, 8, '0'), 'Category', 'A', 'Name', 'Dupont Élodie ' || n)::text,
    '2026-01-01T00:00:00.000Z', replace(given.period, '-', '') || 'TICKET', 1, n
  from (select ?::text as period, ?::int as authorities) as given, generate_series(1, ?::int) as n`;

interface Made {
  readonly seconds: number;
  readonly memoryMib: number;
  readonly lines: number;
}

async function make(url: string, { period, lines }: Month, formats: string): Promise<Made> {
  const child = join(packageRoot(), 'dist/scripts/bench/lists-child.js');
  const { stdout } = await run(process.execPath, [child, url, period, formats], { maxBuffer: 1 << 20 });
  const made: Made = JSON.parse(stdout);
  if (made.lines !== lines) throw new Error(`${made.lines} lines instead of ${lines}`);
  return made;
}

/** Seconds until psql has written the same rows in the same order to a file. */
async function copy(url: string, { period }: Month): Promise<number> {
  const rows = `select authority, position, id, day, kind, fields from records where source = 'payments'
    and day = '${period}-01' order by authority, position, id`;
  const began = performance.now();
  await run('psql', ['-q', url, '-o', '/dev/null', '-c', `copy (${rows}) to stdout`], { maxBuffer: 1 << 20 });
  return (performance.now() - began) / 1_000;
}
