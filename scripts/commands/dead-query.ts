import { type Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../../engine/core/clock.ts';
import { EngineError, ERRORS, type ErrorCode } from '../../engine/core/errors.ts';
import { casesOf, type LetterCase, type LetterQuery } from '../../engine/intake/dead-letter-desk.ts';
import type { Db } from '../../engine/store/database.ts';
import { QUEUES, type QueueName } from '../../schemas/messages.ts';
import { matching } from './settings.ts';

/** The options that say which dead letters are meant. */
export interface FilterOptions {
  readonly sender?: string;
  readonly goal?: string;
  readonly queue?: QueueName;
  readonly error?: string;
  readonly code?: ErrorCode;
  /** In ms. */
  readonly olderThan?: number;
}

/** Adds the options that say which dead letters are meant. */
export function filtered(command: Command): Command {
  return command
    .option('--sender <number>', 'only about submissions of this sender', matching(/^\d{6}$/, 'six digits'))
    .option('--goal <goal>', 'only about submissions of this goal', matching(/^[A-Z]{4}$/, 'four letters'))
    .addOption(new Option('--queue <queue>', 'only of this queue').choices(QUEUES))
    .addOption(new Option('--code <code>', 'only with an error of this code').choices(Object.keys(ERRORS)))
    .option('--error <text>', 'only with this text in the error')
    .option('--older-than <age>', 'only buried longer ago than this (30m, 2h, 7d)', age);
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function age(text: string): number {
  const [, amount, unit] = /^(\d{1,6}) ?([smhd])$/.exec(text) ?? [];
  if (amount === undefined) throw new InvalidArgumentError('It must be a whole number followed by s, m, h or d.');
  return Number(amount) * UNITS[unit as keyof typeof UNITS];
}

/** True when any filter is given. */
export function isFiltered({ sender, goal, queue, code, error, olderThan }: FilterOptions): boolean {
  return [sender, goal, queue, code, error, olderThan].some((given) => given !== undefined);
}

/** The query that the options stand for. */
export function queryOf({ sender, goal, queue, code, error, olderThan }: FilterOptions): LetterQuery {
  return {
    ...(sender === undefined ? {} : { sender }),
    ...(goal === undefined ? {} : { goal }),
    ...(queue === undefined ? {} : { queue }),
    ...(code === undefined ? {} : { code }),
    ...(error === undefined ? {} : { error }),
    ...(olderThan === undefined ? {} : { buriedBefore: new Date(systemClock().getTime() - olderThan) }),
  };
}

/** At most `limit` letters that match, after the id `after`. */
export async function firstCases(db: Db, query: LetterQuery, limit: number, after = 0): Promise<LetterCase[]> {
  const found: LetterCase[] = [];
  for await (const each of casesOf(db, query, after)) {
    found.push(each);
    if (found.length >= limit) break;
  }
  return found;
}

/** Parses the number of a dead letter. */
export function letterId(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It must be the number of a dead letter.');
  return Number(text);
}

/** Refuses what names no letters at all, or names them twice over. Throws usage_wrong. */
export function requireChoice(id: number | undefined, options: FilterOptions & { readonly all?: true }): void {
  const ways = [id !== undefined, isFiltered(options), options.all === true].filter(Boolean).length;
  if (ways === 1) return;
  const sentence = 'give the number of one dead letter, or filters, or --all';
  throw new EngineError('usage_wrong', ways === 0 ? sentence : `${sentence}: not several of them`);
}
