import { cutoffAt } from '../records/records.ts';
import type { Selection } from '../records/selection.ts';
import type { Db } from '../store/database.ts';
import { addRow, rowsOf, write } from '../store/sql.ts';
import type { ListDefinition } from './definition.ts';
import type { Period } from './period.ts';

/** What a run chooses records by, out of the configuration of its list. */
export type Choice = Pick<ListDefinition, 'source' | 'kinds' | 'take' | 'without' | 'withoutElectronic'>;

/** What a list chooses by today. */
export function choiceOf({ source, kinds, take, without, withoutElectronic }: Choice): Choice {
  return { source, kinds, take, without, withoutElectronic };
}

/** One run of a list: its list and period are its identity, and what it takes changes only when it is replaced. */
export interface ListRun {
  readonly list: string;
  readonly period: Period;
  /** From 1; each run of a list takes what came after the one before it. */
  readonly sequence: number;
  /** When it was due. */
  readonly slot: Date;
  /** Records up to this id were for earlier runs to take, those up to `cutoff` are for this one. */
  readonly after: number;
  readonly cutoff: number;
  /** Where the period of the run before it ended, exclusive; null of the first. */
  readonly previousUntil: string | null;
  /** What it chooses by, whatever is configured since; null of a run from before this was kept. */
  readonly choice: Choice | null;
  readonly state: 'running' | 'done';
  readonly doneAt: Date | null;
}

interface Row {
  readonly list: string;
  readonly period: string;
  readonly sequence: number;
  readonly slot: string;
  readonly from_day: string;
  readonly until_day: string;
  readonly after: string | number;
  readonly cutoff: string | number;
  readonly previous_until: string | null;
  readonly chosen_by: string | null;
  readonly state: string;
  readonly done_at: string | null;
}

/** A run that has begun; or the later one that has, so that this period's records are corrections by now. */
export type Begun = { readonly kind: 'run'; readonly run: ListRun } | { readonly kind: 'passed'; readonly by: string };

export interface RunRequest {
  readonly list: string;
  readonly period: Period;
  readonly slot: Date;
  /** What it will choose by, if it has not begun. */
  readonly choice: Choice;
  readonly now: Date;
}

/** Begins a run, or finds the one that has begun: however many ask at once, a list has one run for a period. */
export async function beginListRun(tx: Db, { list, period, slot, choice, now }: RunRequest): Promise<Begun> {
  const arrived = await cutoffAt(tx, slot); // first: whoever else begins a run waits here
  const found = await findListRun(tx, list, period.name);
  if (found) return { kind: 'run', run: found };
  const latest = await latestListRun(tx, list);
  if (latest && latest.period.from >= period.from) return { kind: 'passed', by: latest.period.name };
  const after = latest?.cutoff ?? 0;
  const run = { sequence: (latest?.sequence ?? 0) + 1, slot, after, cutoff: Math.max(after, arrived) };
  await addRow(tx, 'list_runs', {
    ...{ list, period: period.name, sequence: run.sequence, slot: slot.toISOString() },
    ...{ from_day: period.from, until_day: period.until, after, cutoff: run.cutoff },
    ...{ chosen_by: JSON.stringify(choice), state: 'running', begun_at: now.toISOString(), done_at: null },
  });
  const previousUntil = latest?.period.until ?? null;
  return { kind: 'run', run: { list, period, ...run, previousUntil, choice, state: 'running', doneAt: null } };
}

/** Notes that a run has published all its documents. */
export async function finishListRun(tx: Db, { list, period }: ListRun, now: Date): Promise<void> {
  const sql = "update list_runs set state = 'done', done_at = ? where list = ? and period = ? and state = 'running'";
  await write(tx, sql, [now.toISOString(), list, period.name]);
}

/** Notes what a run chooses by from now on. */
export async function keepChoice(tx: Db, { list, period }: ListRun, choice: Choice): Promise<void> {
  const sql = 'update list_runs set chosen_by = ? where list = ? and period = ?';
  await write(tx, sql, [JSON.stringify(choice), list, period.name]);
}

const RUNS = `select r.*, p.until_day as previous_until from list_runs as r
  left join list_runs as p on p.list = r.list and p.sequence = r.sequence - 1 where r.list = ?`;

/** The run of a list for a period; undefined when it has not begun. */
export async function findListRun(db: Db, list: string, period: string): Promise<ListRun | undefined> {
  const [row] = await rowsOf<Row>(db, `${RUNS} and r.period = ?`, [list, period]);
  return fromRow(row);
}

/** The run of a list that began last. */
export async function latestListRun(db: Db, list: string): Promise<ListRun | undefined> {
  const [row] = await rowsOf<Row>(db, `${RUNS} order by r.sequence desc limit 1`, [list]);
  return fromRow(row);
}

/** Every run of a list, in the order in which they began. */
export async function listRunsOf(db: Db, list: string): Promise<ListRun[]> {
  const rows = await rowsOf<Row>(db, `${RUNS} order by r.sequence`, [list]);
  return rows.flatMap((row) => fromRow(row) ?? []);
}

/** What a run takes, by what it has noted of itself; where it has not noted by what it chooses, as its list does today. */
export function selectionOf(
  definition: ListDefinition,
  run: Pick<ListRun, 'period' | 'slot' | 'after' | 'cutoff' | 'previousUntil' | 'choice'>,
): Selection {
  const { period, slot, after, cutoff, previousUntil, choice } = run;
  const { from, until } = period;
  return { ...(choice ?? choiceOf(definition)), from, until, after, cutoff, previousUntil, openAt: slot };
}

function fromRow(row: Row | undefined): ListRun | undefined {
  if (!row) return undefined;
  const { list, sequence, slot, after, cutoff, previous_until: previousUntil, state } = row;
  return {
    ...{ list, sequence, slot: new Date(slot), after: Number(after), cutoff: Number(cutoff) },
    previousUntil,
    choice: row.chosen_by === null ? null : JSON.parse(row.chosen_by),
    period: { name: row.period, from: row.from_day, until: row.until_day },
    state: state === 'done' ? 'done' : 'running',
    doneAt: row.done_at === null ? null : new Date(row.done_at),
  };
}
