import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { Condition } from '../jobs/conditions.ts';
import type { Selection } from '../records/selection.ts';
import type { Db } from '../store/database.ts';
import { addRow, rowsOf, write } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';
import type { ListDefinition, ListDefinitions } from './definition.ts';
import { documentsOf } from './documents.ts';
import { choiceOf, type ListRun, listRunsOf, selectionOf } from './runs.ts';
import { countShares } from './shares.ts';

/** Records and lines that do not agree, for one authority in one run; with '' for the runs together. */
export interface Difference {
  readonly period: string;
  readonly authority: string;
  readonly records: number;
  readonly lines: number;
}

/** What came of comparing all documents of a list with the records they should hold. */
export interface Reconciliation {
  readonly list: string;
  readonly at: string;
  readonly balanced: boolean;
  /** Records that its runs had to take. */
  readonly records: number;
  /** Lines in the documents in force. */
  readonly listed: number;
  /** At most a hundred. */
  readonly differences: readonly Difference[];
}

export interface ReconcileDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  /** Throws when this process may not go on: asked before each run is looked at. */
  readonly proceed?: () => void;
}

const MOST = 100;

/**
 * Compares each list that takes every record once with the records: run by run and authority by authority, and all runs
 * together with all records up to the end of the last one, each by what the run chose by. What it finds is kept and logged.
 * Runs of what is open are left out, as a record is in several of them.
 */
export async function reconcileLists(deps: ReconcileDeps, lists: ListDefinitions): Promise<Reconciliation[]> {
  const found: Reconciliation[] = [];
  for (const definition of Object.values(lists)) {
    const runs = (await listRunsOf(deps.db, definition.name)).filter(({ state }) => state === 'done');
    if (runs.some((run) => takesOnce(definition, run))) found.push(await reconcile(deps, definition, runs));
  }
  return found;
}

const takesOnce = (definition: ListDefinition, run: ListRun) => selectionOf(definition, run).take === 'arrived';

async function reconcile(
  deps: ReconcileDeps,
  definition: ListDefinition,
  runs: readonly ListRun[],
): Promise<Reconciliation> {
  const { db, clock, log } = deps;
  const list = definition.name;
  const differences: Difference[] = [];
  let [taken, listed] = [0, 0];
  for (const run of runs) {
    if (!takesOnce(definition, run)) continue;
    deps.proceed?.();
    const compared = await compareRun(db, definition, run);
    differences.push(...compared.differences);
    taken += compared.records;
    listed += compared.lines;
  }
  const records = await recordsUpTo(db, definition, runs);
  if (records !== taken) differences.push({ period: '', authority: '', records, lines: taken });
  const found = { list, at: clock().toISOString(), balanced: differences.length === 0, records, listed };
  await inTransaction(db, (tx) =>
    addRow(tx, 'list_reconciliations', { ...found, differences: JSON.stringify(differences.slice(0, MOST)) }),
  );
  log[found.balanced ? 'info' : 'error']({ ...found, differences: differences.slice(0, 3) }, 'list reconciled');
  return { ...found, differences: differences.slice(0, MOST) };
}

async function compareRun(db: Db, definition: ListDefinition, run: ListRun) {
  const shares = await countShares(db, selectionOf(definition, run));
  const documents = await documentsOf(db, run.list, run.period.name);
  const counts = new Map<string, { records: number; lines: number }>();
  const of = (authority: string) => counts.get(authority) ?? { records: 0, lines: 0 };
  for (const { authority, records } of shares) counts.set(authority, { ...of(authority), records });
  for (const { authority, totals } of documents) counts.set(authority, { ...of(authority), lines: totals.lines });
  const period = run.period.name;
  const differences = [...counts]
    .filter(([, { records, lines }]) => records !== lines)
    .map(([authority, count]): Difference => ({ period, authority, ...count }));
  const sum = (key: 'records' | 'lines') => [...counts.values()].reduce((total, count) => total + count[key], 0);
  return { differences, records: sum('records'), lines: sum('lines') };
}

/**
 * All records up to the end of the last run, however runs were cut: each must have been taken by exactly one of them, if
 * that one chose it. Runs in a row that choose alike are counted as one.
 */
async function recordsUpTo(db: Db, definition: ListDefinition, runs: readonly ListRun[]): Promise<number> {
  let records = 0;
  let [until, cutoff] = ['0000-01-01', 0]; // what was before is nobody's, or of the runs counted already
  for (const [index, run] of runs.entries()) {
    const next = runs[index + 1];
    if (next && choosesAlike(definition, run, next)) continue;
    const inARow: Selection = { ...selectionOf(definition, run), from: until, after: cutoff, previousUntil: null };
    if (takesOnce(definition, run)) {
      records += (await countShares(db, inARow)).reduce((sum, share) => sum + share.records, 0);
    }
    [until, cutoff] = [run.period.until, run.cutoff];
  }
  return records;
}

function choosesAlike(definition: ListDefinition, ...runs: readonly ListRun[]): boolean {
  return new Set(runs.map(({ choice }) => JSON.stringify(choice ?? choiceOf(definition)))).size === 1;
}

/** Lists whose documents and records did not agree when they were last compared, of those there are now. */
export function listUnbalanced(lists: ListDefinitions): Condition {
  return {
    name: 'list unbalanced',
    level: 'error',
    async find(db) {
      const wrong = (await lastReconciliations(db)).filter(
        ({ list, balanced }) => !balanced && Object.hasOwn(lists, list),
      );
      const detail = 'documents and records do not agree: see `bode lists reconcile`';
      return wrong.map(({ list: subject }) => ({ subject, detail }));
    },
  };
}

/** Forgets reconciliations of before a moment. */
export async function forgetReconciliations(db: Db, before: Date): Promise<void> {
  await write(db, 'delete from list_reconciliations where at < ?', [before.toISOString()]);
}

/** The last reconciliation of each list, in the order of their names. */
export async function lastReconciliations(db: Db): Promise<Reconciliation[]> {
  const sql = `select * from list_reconciliations where id in
    (select max(id) from list_reconciliations group by list) order by list`;
  const rows = await rowsOf<Omit<Reconciliation, 'differences'> & { differences: string }>(db, sql);
  return rows.map(({ list, at, balanced, records, listed, differences }) => ({
    ...{ list, at, balanced: Boolean(balanced), records: Number(records), listed: Number(listed) },
    differences: JSON.parse(differences),
  }));
}
