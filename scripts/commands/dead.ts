import { join } from 'node:path';
import { Command } from 'commander';
import { newestDeadLetter } from '../../engine/broker/dead-letters.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { messageOf } from '../../engine/core/errors.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import {
  caseOf,
  casesOf,
  type Decision,
  discardLetter,
  historyOf,
  type LetterCase,
  replayLetter,
} from '../../engine/intake/dead-letter-desk.ts';
import { type BlobStore, createBlobStore } from '../../engine/store/blobs.ts';
import type { Db } from '../../engine/store/database.ts';
import { type FilterOptions, filtered, firstCases, letterId, queryOf, requireChoice } from './dead-query.ts';
import { letterJson, letterTable, letterText, payloadOf } from './dead-text.ts';
import { operator } from './operator.ts';
import { print, printableText, printJson } from './output.ts';
import { type ConfigOption, configured, matching, reading, settings, upTo, withStore } from './settings.ts';
import { maskInss } from './story-text.ts';

interface ListOptions extends ConfigOption, FilterOptions {
  readonly json?: true;
  readonly limit: number;
  readonly after?: number;
}

interface DecideOptions extends ConfigOption, FilterOptions {
  readonly all?: true;
  readonly reason: string;
  readonly limit?: number;
  readonly yes?: true;
}

/** `bode dead list|show|replay|discard`: the messages that were given up, and what to do about them. */
export function deadCommand(): Command {
  return new Command('dead')
    .description('the messages that were given up')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(decideCommand(REPLAY))
    .addCommand(decideCommand(DISCARD));
}

function listCommand(): Command {
  return filtered(reading('list'))
    .description('list dead letters, oldest first')
    .option('--limit <n>', 'at most so many', upTo(10_000), 50)
    .option('--after <id>', 'go on after this one', letterId)
    .action(async (options: ListOptions) => {
      const { json, limit, after } = options;
      const items = await withStore(await settings(options), (db) => firstCases(db, queryOf(options), limit, after));
      if (json) return printJson({ items: items.map(letterJson) });
      await print(items.length === 0 ? ['no dead letters'] : letterTable(items));
    });
}

function showCommand(): Command {
  return reading('show')
    .description('show a dead letter with its error, its message and its history')
    .argument('<id>', 'its number', letterId)
    .action(async (id: number, options: ConfigOption & { json?: true }) => {
      const { found, history } = await withStore(await settings(options), async (db) => {
        const found = await caseOf(db, id);
        return { found, history: await historyOf(db, found) };
      });
      if (!options.json) return print(letterText(found, history));
      await printJson({ ...letterJson(found), message: payloadOf(found.letter.message), history });
    });
}

/** What an operator can decide about a letter. */
interface Verb {
  readonly name: 'replay' | 'discard';
  readonly description: string;
  readonly done: string;
  carryOut(db: Db, id: number, decision: Decision, blobs: BlobStore): Promise<string>;
  /** What is said of letters that nothing is done about. */
  readonly kept: string;
  /** Why nothing would be done about a letter. */
  hindrance(found: LetterCase): string | undefined;
}

/** A verb with the store that it works on. */
type OpenVerb = Omit<Verb, 'carryOut'> & { carryOut(id: number, decision: Decision): Promise<string> };

const REPLAY: Verb = {
  name: 'replay',
  description: 'send messages on their way again, as if for the first time; a submission that has its receipt stays',
  done: 'replayed',
  carryOut: replayLetter,
  kept: 'already answered',
  hindrance: ({ submission, answered }) => (answered ? `already answered (${submission?.state})` : undefined),
};

const DISCARD: Verb = {
  name: 'discard',
  description: 'forget dead letters: their messages stay without effect; a submission without receipt is refused (163)',
  done: 'discarded',
  carryOut: discardLetter,
  kept: 'still owed',
  hindrance: ({ owed }) => (owed ? 'still owed to its sender: replay it' : undefined),
};

function decideCommand(verb: Verb): Command {
  return filtered(configured(verb.name))
    .description(`${verb.description}. Shows what would be done; does it with --yes`)
    .argument('[id]', 'the number of one dead letter; or choose by filters', letterId)
    .option('--all', 'every dead letter')
    .option('--limit <n>', 'the oldest so many', upTo(1_000_000))
    .requiredOption(
      '--reason <text>',
      'why; kept in the audit and in the story of the submission',
      matching(/^[^\p{Cc}]{1,500}$/u, 'one line of 1 to 500 characters'),
    )
    .option('--yes', 'do it')
    .action(async (id: number | undefined, options: DecideOptions) => {
      requireChoice(id, options);
      const config = await settings(options);
      const blobs = createBlobStore({ dir: join(config.dataDir, 'blobs'), log: silentLogger() });
      await withStore(config, async (db) => {
        const cases = id === undefined ? chosen(db, options) : [await caseOf(db, id)];
        const carryOut = (id: number, decision: Decision) => verb.carryOut(db, id, decision, blobs);
        await (options.yes ? decide({ ...verb, carryOut }, cases, maskInss(options.reason)) : preview(verb, cases));
      });
    });
}

type Cases = AsyncIterable<LetterCase> | Iterable<LetterCase>;

/** The letters that match now; what fails again and is buried meanwhile is not taken up a second time. */
async function* chosen(db: Db, { limit = Number.POSITIVE_INFINITY, ...filter }: DecideOptions) {
  let left = limit;
  const query = { ...queryOf(filter), upTo: await newestDeadLetter(db) };
  for await (const found of casesOf(db, query)) {
    yield found;
    left -= 1;
    if (left <= 0) return;
  }
}

const PAGE = 100;

async function preview(verb: Verb, cases: Cases): Promise<void> {
  const counts = { possible: 0, hindered: 0 };
  let page: LetterCase[] = [];
  for await (const found of cases) {
    counts[verb.hindrance(found) === undefined ? 'possible' : 'hindered'] += 1;
    page.push(found);
    if (page.length < PAGE) continue;
    await print(letterTable(page));
    page = [];
  }
  if (page.length > 0) await print(letterTable(page));
  const hindered = counts.hindered > 0 ? `, ${counts.hindered} ${verb.kept}` : '';
  await print([`${counts.possible} would be ${verb.done}${hindered}. Nothing was done: repeat with --yes`]);
}

/** Decides letter by letter, each in its own transaction; one that cannot be dealt with does not keep the others. */
async function decide(verb: OpenVerb, cases: Cases, reason: string): Promise<void> {
  const by = operator();
  const counts: Record<string, number> = { [verb.done]: 0 };
  for await (const found of cases) {
    const { outcome, detail } = await decideOne(verb, found, { reason, by, now: systemClock() });
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    await print([maskInss(printableText(`${found.letter.id} ${found.submission?.ticket ?? '-'} ${detail}`))]);
  }
  await print([
    Object.entries(counts)
      .map(([outcome, count]) => `${count} ${outcome}`)
      .join(', '),
  ]);
  if (counts['failed'] !== undefined) process.exitCode = 1;
}

async function decideOne(verb: OpenVerb, found: LetterCase, decision: Decision) {
  try {
    const outcome = await verb.carryOut(found.letter.id, decision);
    return { outcome, detail: outcome === verb.kept ? (verb.hindrance(found) ?? outcome) : outcome };
  } catch (error) {
    return { outcome: 'failed', detail: `failed: ${messageOf(error)}` };
  }
}
