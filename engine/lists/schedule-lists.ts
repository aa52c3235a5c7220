import { protocolTime } from '../core/calendar.ts';
import { createTurns, type Turns } from '../core/turns.ts';
import type { Job, JobContext } from '../jobs/job.ts';
import { hasRecords } from '../records/records.ts';
import { type CompileDeps, type Compiled, compileList } from './compile.ts';
import { type ListDefinition, type ListDefinitions, ruleOf } from './definition.ts';
import { closedBy } from './period.ts';
import { latestListRun } from './runs.ts';
import { timetableOf } from './schedule.ts';
import { untilTakenIn } from './taken-in.ts';

// a list holds a connection or two until its end and takes more for its documents: several that hold some of the pool and
// wait for the rest would wait for each other. The thread that renders is one anyway.
const AT_A_TIME = 1;

export interface ListJobDeps extends CompileDeps {
  /** The goal whose accepted forms hold the records of a source. */
  readonly goalOf: (source: string) => string | undefined;
  /** How often it is looked whether what was received has been taken in, in ms. */
  readonly lookEveryMs?: number;
}

/**
 * The jobs that make lists at their time, one for each; every slot that was missed is caught up with, oldest first. Those
 * that are due together are made one after the other.
 */
export function listJobs(lists: ListDefinitions, deps: ListJobDeps): Job[] {
  const turns = createTurns(AT_A_TIME);
  return Object.values(lists).map((definition) => ({
    name: `list-${definition.name}`,
    due: timetableOf(definition.schedule),
    everySlot: true,
    run: (context) => makeDue(definition, context, deps, turns),
  }));
}

/** The period that a list is made for at a slot: the last one that is over on that day. */
export function periodDue(definition: ListDefinition, slot: Date) {
  return closedBy(ruleOf(definition), protocolTime(slot).date);
}

async function makeDue(
  definition: ListDefinition,
  context: JobContext,
  deps: ListJobDeps,
  { inTurn }: Turns,
): Promise<string> {
  const { slot, signal, proceed, log } = context;
  const period = periodDue(definition, slot);
  const goal = deps.goalOf(definition.source);
  const everyMs = deps.lookEveryMs;
  if (goal !== undefined) await untilTakenIn(deps.db, { goal, before: slot }, { log, signal, everyMs });
  if (await isUnused(definition, deps)) return '';
  const request = { definition, period, slot, signal, proceed };
  const compiled = await inTurn(async () => {
    proceed(); // it may have waited long
    return compileList({ ...deps, log }, request);
  }, signal);
  return `${period.name}: ${describe(compiled)}`;
}

/** A list begins with its first record: before that its runs would close periods whose data is still to be loaded. */
async function isUnused({ name, source }: ListDefinition, { db }: CompileDeps): Promise<boolean> {
  return (await latestListRun(db, name)) === undefined && !(await hasRecords(db, source));
}

/** What came of it, in words. */
export function describe(compiled: Compiled): string {
  if (compiled.kind === 'passed') return `passed: ${compiled.by} was made before, what is left over is a correction`;
  const { documents, lines, corrections } = compiled.sum;
  return `${compiled.kind}, ${documents} documents with ${lines} lines, ${corrections} of them corrections`;
}
