import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../engine/core/clock.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { isEnterpriseNumber, isLocalAuthorityNumber, isNssoNumber } from '../../engine/core/identifiers.ts';
import { addMandate, endMandate } from '../../engine/registry/mandate-changes.ts';
import { type EmployerKey, employerKey, listMandates, type RegisteredMandate } from '../../engine/registry/mandates.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { operator } from './operator.ts';
import { print, printJson, table } from './output.ts';
import { type ConfigOption, configured, matching, reading, settings, upTo, withStore } from './settings.ts';

/** `bode mandates list|add|end`: for which employers an organisation may declare. */
export function mandatesCommand(): Command {
  return new Command('mandates')
    .description('for which employers social secretariats and service providers may declare')
    .addCommand(listCommand())
    .addCommand(addCommand())
    .addCommand(endCommand());
}

const enterprise = (text: string): string => {
  if (!isEnterpriseNumber(text))
    throw new InvalidArgumentError('It must be an enterprise number: ten digits with their check digits.');
  return text;
};

const employer = (text: string): EmployerKey => {
  if (isEnterpriseNumber(text) || isNssoNumber(text) || isLocalAuthorityNumber(text)) return employerKey(text);
  throw new InvalidArgumentError('It must be an enterprise number or an NSSO number, with its check digits.');
};

const day = (text: string): string => {
  const date = new Date(`${text}T00:00:00Z`);
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
  if (!isDay) throw new InvalidArgumentError('It must be a day, YYYY-MM-DD.');
  return text;
};

const quality = matching(/^[a-z][a-z0-9-]{0,39}$/, 'a quality: small letters, digits and dashes');
const sender = matching(/^\d{6}$/, 'a sender number of six digits');
const goals = (text: string): string[] => {
  if (!/^[A-Z]{4}(,[A-Z]{4})*$/.test(text)) throw new InvalidArgumentError('It must be goals, as DMFA,DIMN.');
  return text.split(',');
};

interface ListOptions extends ConfigOption {
  readonly json?: true;
  readonly organisation?: string;
  readonly quality?: string;
  readonly employer?: EmployerKey;
  readonly on?: string;
  readonly after?: number;
  readonly limit: number;
}

const TITLES = ['ID', 'ORGANISATION', 'QUALITY', 'SENDER', 'EMPLOYER', 'FROM', 'UNTIL', 'GOALS'];

function listCommand(): Command {
  return reading('list')
    .description('list mandates, in the order they were registered')
    .option('--organisation <number>', 'held by this organisation', enterprise)
    .option('--quality <quality>', 'held in this quality', quality)
    .option('--employer <number>', 'for this employer', employer)
    .option('--on <day>', 'that hold on this day', day)
    .option('--after <id>', 'with a greater id: the next page', upTo(999_999_999))
    .option('--limit <n>', 'at most so many', upTo(10_000), 100)
    .action(async ({ json, ...options }: ListOptions) => {
      const items = await withStore(await settings(options), (db) => listMandates(db, options));
      if (json) return printJson({ items: items.map(shown) });
      await print(items.length === 0 ? ['no mandates'] : table(TITLES, items.map(row)));
    });
}

function shown({ employer: { number }, ...mandate }: RegisteredMandate) {
  return { ...mandate, employer: number };
}

function row({
  id,
  organisation,
  quality,
  sender = 'any',
  employer,
  from = '-',
  until = '-',
  goals,
}: RegisteredMandate) {
  return [String(id), organisation, quality, sender, employer.number, from, until, goals?.join(',') ?? 'all'];
}

interface AddOptions extends ConfigOption {
  readonly json?: true;
  readonly sender?: string;
  readonly from?: string;
  readonly until?: string;
  readonly goals?: string[];
}

function addCommand(): Command {
  return reading('add')
    .description('register that an organisation in a quality may declare for an employer')
    .argument('<organisation>', 'its enterprise number', enterprise)
    .argument('<quality>', 'as social-secretariat', quality)
    .argument('<employer>', 'enterprise or NSSO number of the employer', employer)
    .option('--sender <number>', 'only this sender of it', sender)
    .option('--from <day>', 'first day; else always', day)
    .option('--until <day>', 'last day; else for ever', day)
    .option('--goals <goals>', 'only these goals, as DMFA,DIMN', goals)
    .action(async (organisation: string, inQuality: string, forEmployer: EmployerKey, options: AddOptions) => {
      const { json, sender: only, from, until, goals: some } = options;
      if (from && until && from > until) throw new EngineError('usage_wrong', '--until: must not be before --from');
      const days = { ...(from && { from }), ...(until && { until }) };
      const mandate = { employer: forEmployer, ...days, ...(some && { goals: some }) };
      const mandatee = { organisation, quality: inQuality, ...(only && { sender: only }) };
      const by = { by: operator(), now: systemClock() };
      const added = await withStore(await settings(options), (db) =>
        inTransaction(db, (tx) => addMandate(tx, mandatee, mandate, by)),
      );
      await (json ? printJson(shown(added)) : print([`mandate ${added.id} registered`]));
    });
}

interface EndOptions extends ConfigOption {
  readonly on: string;
}

function endCommand(): Command {
  return configured('end')
    .description('let a mandate end after a day; one that has not begun by then is taken out')
    .argument('<id>', 'its number', upTo(999_999_999))
    .requiredOption('--on <day>', 'the last day on which it holds', day)
    .action(async (id: number, options: EndOptions) => {
      const by = { by: operator(), now: systemClock() };
      await withStore(await settings(options), (db) => inTransaction(db, (tx) => endMandate(tx, id, options.on, by)));
      await print([`mandate ${id} ends on ${options.on}`]);
    });
}
