import { mkdir } from 'node:fs/promises';
import { Command } from 'commander';
import type { Config } from '../../config/load.ts';
import { protocolTime } from '../../engine/core/calendar.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { createLogger, type Logger } from '../../engine/core/logger.ts';
import { type Change, compareRun, replaceRun } from '../../engine/lists/compare.ts';
import { type CompileDeps, compileList } from '../../engine/lists/compile.ts';
import { type ListDefinition, type ListDefinitions, ruleOf } from '../../engine/lists/definition.ts';
import { exampleName, type Period, parsePeriod } from '../../engine/lists/period.ts';
import { lastReconciliations, type Reconciliation, reconcileLists } from '../../engine/lists/reconcile.ts';
import { findListRun, type ListRun, latestListRun } from '../../engine/lists/runs.ts';
import { timetableOf } from '../../engine/lists/schedule.ts';
import { describe } from '../../engine/lists/schedule-lists.ts';
import { previewList } from './lists-preview.ts';
import { print, printJson, table } from './output.ts';
import { type ConfigOption, configured, reading, settings, withStore } from './settings.ts';
import { firstSignal } from './shutdown.ts';

/** Makes ready what lists are made with; `close` frees what it holds. */
export type OpenLists = (
  config: Config,
  log: Logger,
) => Promise<{ readonly deps: CompileDeps; close(): Promise<void> }>;

interface Options extends ConfigOption {
  readonly json?: true;
}

/** `bode lists`: which lists there are; `run`, `diff` and `reconcile` them. */
export function listsCommand(open: OpenLists): Command {
  return new Command('lists')
    .description('lists for authorities: what there is, made by hand, compared')
    .addCommand(showCommand(), { isDefault: true })
    .addCommand(runCommand(open))
    .addCommand(diffCommand(open))
    .addCommand(reconcileCommand());
}

function showCommand(): Command {
  return reading('show')
    .description('the lists, when they are due, and their last runs')
    .action(async ({ json, ...options }: Options) => {
      const config = await settings(options);
      const items = await withStore(config, async (db) => {
        const rows = [];
        for (const list of Object.values(config.lists as ListDefinitions)) {
          rows.push(itemOf(list, await latestListRun(db, list.name)));
        }
        return rows;
      });
      await (json ? printJson({ items }) : print(table(TITLES, items.map(cells))));
    });
}

function itemOf({ name, source, period, schedule }: ListDefinition, run: ListRun | undefined) {
  const last = run && { period: run.period.name, state: run.state, doneAt: run.doneAt?.toISOString() ?? null };
  const nextDue = timetableOf(schedule).next(systemClock()).toISOString();
  return { name, source, period, schedule, nextDue, last: last ?? null };
}

const TITLES = ['LIST', 'SOURCE', 'PERIOD', 'SCHEDULE', 'NEXT DUE', 'LAST RUN', 'STATE'];
const cells = ({ name, source, period, schedule, nextDue, last }: ReturnType<typeof itemOf>) => [
  ...[name, source, period, schedule, nextDue],
  ...(last ? [last.period, last.state] : ['-', 'never made']),
];

interface RunOptions extends ConfigOption {
  readonly preview?: true;
  readonly replace?: true;
  readonly out: string;
}

function runCommand(open: OpenLists): Command {
  return configured('run')
    .description('make a list for a period that is over, unless it was made')
    .argument('<name>', 'the list, as `bode lists` names it')
    .argument('<period>', 'such as 2026-03-14, 2026-03, 2026-H1 or 2026')
    .option('--preview', 'write the documents to a directory and publish nothing; also of a period that is not over')
    .option('--out <dir>', 'where a preview goes', 'preview')
    .option('--replace', 'publish new versions of the documents that `bode lists diff` shows')
    .action(async (name: string, period: string, options: RunOptions) => {
      const lines = await withLists(open, options, (given) => run(given, name, period, options));
      await print(lines);
    });
}

/** What a command works with. */
interface Given {
  readonly config: Config;
  readonly deps: CompileDeps;
  readonly signal: AbortSignal;
}

async function withLists<T>(open: OpenLists, options: ConfigOption, work: (given: Given) => Promise<T>): Promise<T> {
  const config = await settings(options);
  const asked = new AbortController();
  void firstSignal().then((signal) => asked.abort(new Error(signal)));
  return withStore(config, async () => {
    const { deps, close } = await open(config, createLogger({ level: 'info', fd: 2 }));
    return work({ config, deps, signal: asked.signal }).finally(close);
  });
}

async function run(
  given: Given,
  name: string,
  periodName: string,
  { preview, replace, out }: RunOptions,
): Promise<string[]> {
  const { deps, signal } = given;
  const { definition, period } = chosen(given.config, name, periodName);
  if (preview) {
    await mkdir(out, { recursive: true, mode: 0o700 });
    return previewList(deps, { definition, period, signal, out });
  }
  if (replace) {
    const authorities = await replaceRun(deps, definition, await madeRun(deps, definition, period), signal);
    return [`${name} ${periodName}: ${authorities.length} documents replaced`];
  }
  requireOver(period);
  const slot = systemClock(); // by hand: what there is now
  const proceed = () => signal.throwIfAborted();
  return [`${name} ${periodName}: ${describe(await compileList(deps, { definition, period, slot, signal, proceed }))}`];
}

function chosen({ lists }: Config, name: string, periodName: string) {
  const definition = Object.hasOwn(lists, name) ? (lists[name] as ListDefinition) : undefined;
  if (!definition) {
    throw new EngineError('not_found', `no list ${name}: there are ${Object.keys(lists).join(', ')}`);
  }
  const period = parsePeriod(ruleOf(definition), periodName);
  if (period) return { definition, period };
  const example = exampleName(ruleOf(definition));
  throw new EngineError('usage_wrong', `${name} has no period ${periodName}: they are named like ${example}`);
}

function requireOver({ name, until }: Period): void {
  if (until <= protocolTime(systemClock()).date) return;
  throw new EngineError('access_denied', `${name} is not over before ${until}: look at it with --preview`);
}

async function madeRun({ db }: CompileDeps, { name }: ListDefinition, period: Period): Promise<ListRun> {
  const found = await findListRun(db, name, period.name);
  if (found?.state === 'done') return found;
  throw new EngineError('not_found', `${name} has not been made for ${period.name}`);
}

function diffCommand(open: OpenLists): Command {
  return reading('diff')
    .description('what would differ if a published list were made again, of the same records, as it is configured now')
    .argument('<name>', 'the list')
    .argument('<period>', 'a period that it was made for')
    .action(async (name: string, periodName: string, { json, ...options }: Options) => {
      const items = await withLists(open, options, async ({ config, deps, signal }) => {
        const { definition, period } = chosen(config, name, periodName);
        const changes = [];
        for await (const { composed: _, ...change } of compareRun(
          deps,
          definition,
          await madeRun(deps, definition, period),
          signal,
        )) {
          changes.push(change);
        }
        deps.log.info({ list: name, period: periodName, different: changes.length }, 'list compared');
        return changes;
      });
      if (json) return printJson({ items });
      await print(items.length === 0 ? ['no difference'] : items.flatMap(changeLines));
    });
}

function changeLines({ authority, version, formats, lines, gone, come }: Change): string[] {
  const { published, again } = lines;
  const counts = published === again ? '' : `; ${published} lines, would be ${again}`;
  const title = `${authority}, version ${version}: ${formats.join(', ')}${counts}`;
  return [title, ...gone.map((line) => `- ${line}`), ...come.map((line) => `+ ${line}`)];
}

function reconcileCommand(): Command {
  return reading('reconcile')
    .description('compare all documents with the records they should hold')
    .option('--last', 'show what was found last, without looking again')
    .action(async ({ json, last, ...options }: Options & { last?: true }) => {
      const config = await settings(options);
      const log = createLogger({ level: 'fatal', fd: 2 });
      const items = await withStore(config, (db) =>
        last
          ? lastReconciliations(db)
          : reconcileLists({ db, clock: systemClock, log }, config.lists as ListDefinitions),
      );
      await (json ? printJson({ items }) : print(items.flatMap(reconciliationLines)));
      if (items.some(({ balanced }) => !balanced)) process.exitCode = 1;
    });
}

function reconciliationLines({ list, at, balanced, records, listed, differences }: Reconciliation): string[] {
  const told = differences.map(({ period, authority, records: wanted, lines }) => {
    return `  ${period === '' ? 'all periods together' : `${period} ${authority}`}: ${wanted} records, ${lines} lines`;
  });
  return [`${list}: ${balanced ? 'balanced' : 'NOT BALANCED'}, ${records} records, ${listed} lines (${at})`, ...told];
}
