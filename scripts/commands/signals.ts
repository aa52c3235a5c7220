import { Argument, Command } from 'commander';
import { isReached } from '../../app/deliveries.ts';
import type { Config } from '../../config/load.ts';
import { protocolTime } from '../../engine/core/calendar.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { periodAfter, periodOf } from '../../engine/lists/period.ts';
import { type Answerable, answerables, answersTo, findByReference } from '../../engine/records/answers.ts';
import { electronicOf, switchOff, switchOn } from '../../engine/records/electronic.ts';
import type { Sources } from '../../engine/records/source.ts';
import { audit } from '../../engine/store/audit.ts';
import type { Db } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { operator } from './operator.ts';
import { print, printJson, table } from './output.ts';
import { type ConfigOption, configured, matching, reading, settings, upTo, withStore } from './settings.ts';

interface Options extends ConfigOption {
  readonly source: string;
  readonly json?: true;
}

const authority = matching(/^\d{10}$/, 'an enterprise number of ten digits');

/** `bode signals`: what waits for an answer, its history, and who gets it electronically. */
export function signalsCommand(): Command {
  return new Command('signals')
    .description('records that authorities answer, such as warning signals')
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(showCommand())
    .addCommand(electronicCommand());
}

const ofSource = (command: Command) => command.option('--source <name>', 'the source of the records', 'signals');

function listCommand(): Command {
  return ofSource(reading('list'))
    .description('signals and whether they are answered')
    .option('--authority <number>', 'only of this authority', authority)
    .option('--open', 'only those that wait for an answer')
    .option('--limit <n>', 'at most so many', upTo(10_000), 50)
    .option('--after <number>', 'go on after this signal')
    .action(async ({ json, source, open, authority: whose, after, limit, ...options }: ListOptions) => {
      const config = await settings(options);
      requireSource(config, source);
      const query = {
        source,
        limit,
        openOnly: open === true,
        ...(whose && { authority: whose }),
        ...(after && { after }),
      };
      const items = await withStore(config, (db) => answerables(db, query));
      await (json ? printJson({ items }) : print(table(TITLES, items.map(cells))));
    });
}

interface ListOptions extends Options {
  readonly authority?: string;
  readonly open?: true;
  readonly limit: number;
  readonly after?: string;
}

const TITLES = ['SIGNAL', 'AUTHORITY', 'DAY', 'ORIGIN', 'WAY', 'CLOSED', 'ANSWERS'];
const cells = ({ reference, authority: whose, day, kind, alone, closedAt, answers }: Answerable) => [
  ...[reference, whose, day, kind, alone ? 'electronic' : 'list', closedAt ?? 'open', String(answers)],
];

function requireSource({ sources }: Config, source: string): void {
  if (Object.hasOwn(sources, source) && sources[source]?.reference !== undefined) return;
  throw new EngineError('not_found', `no source ${source} whose records are answered`);
}

function showCommand(): Command {
  return ofSource(reading('show'))
    .description('every answer to a signal, oldest first')
    .argument('<number>', 'the signal')
    .action(async (number: string, { json, source, ...options }: Options) => {
      const config = await settings(options);
      const found = await withStore(config, async (db) => {
        const record = await findByReference(db, source, number);
        return record && { ...record, answers: await answersTo(db, record.id) };
      });
      if (!found) throw new EngineError('not_found', `no signal ${number}`);
      if (json) return printJson(found);
      const rows = found.answers.map(({ at, code, outcome, ticket, remark }) => [at, code, outcome, ticket, remark]);
      const state = found.closedAt ? `closed ${found.closedAt.toISOString()}` : 'open';
      await print([
        `${number} of ${found.authority}: ${state}`,
        ...table(['AT', 'CODE', 'OUTCOME', 'TICKET', 'REMARK'], rows),
      ]);
    });
}

function electronicCommand(): Command {
  return ofSource(configured('electronic'))
    .description('let an authority get its signals one by one, from the next month on, or list who does')
    .argument('[authority]', 'its enterprise number', authority)
    .addArgument(new Argument('[way]', 'on or off').choices(['on', 'off']))
    .action(async (whose: string | undefined, way: 'on' | 'off' | undefined, { source, ...options }: Options) => {
      const config = await settings(options);
      requireSource(config, source);
      if (whose === undefined) {
        const found = await withStore(config, (db) => electronicOf(db, source));
        return print(
          table(
            ['AUTHORITY', 'FROM', 'UNTIL'],
            found.map((one) => [one.authority, one.from, one.until ?? '-']),
          ),
        );
      }
      if (way === undefined) throw new EngineError('usage_wrong', 'say on or off after the authority');
      await print([await throwSwitch(config, source, whose, way)]);
    });
}

async function requireReached(db: Db, whose: string, quality: string | undefined): Promise<void> {
  if (await isReached(db, whose, quality)) return;
  const kind = quality === undefined ? '' : ` of quality ${quality}`;
  throw new EngineError('not_found', `${whose} has no active sender${kind}: nothing would reach it electronically`);
}

/** Months are the periods that a switch waits for: a signal goes to an authority by one way in each of them. */
function throwSwitch(config: Config, source: string, whose: string, way: 'on' | 'off'): Promise<string> {
  const sources: Sources = config.sources;
  const now = systemClock();
  const month = { kind: 'month' } as const;
  const { from } = periodAfter(month, periodOf(month, protocolTime(now).date));
  return withStore(config, (db) =>
    inTransaction(db, async (tx) => {
      const request = { source, authority: whose, from };
      if (way === 'on') await requireReached(tx, whose, sources[source]?.alone?.quality);
      if (!(await (way === 'on' ? switchOn : switchOff)(tx, request))) return `${whose}: it is ${way} already`;
      const subject = `${source} ${whose}`;
      await audit(tx, {
        at: now,
        who: operator(),
        what: 'electronic way switched',
        subject,
        outcome: way,
        facts: { from },
      });
      return `${whose}: ${way} from ${from} on`;
    }),
  );
}
