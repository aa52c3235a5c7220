import type { Db } from '../store/database.ts';
import { rowsOf } from '../store/sql.ts';

const NUMERIC = 99_999;
const ALPHANUMERIC = 26 * 36 ** 4;

/**
 * The sequence element of a reply's name: five digits, and when those run out a letter first (protocol §1.1).
 * `number` counts from 1 within one day, goal and environment, up to 43,770,015.
 */
export function replySequence(number: number): string {
  if (number <= NUMERIC) return String(number).padStart(5, '0');
  const rest = number - NUMERIC - 1;
  if (rest >= ALPHANUMERIC) throw new RangeError(`no reply sequence for number ${number}`);
  return (rest + 10 * 36 ** 4).toString(36).toUpperCase();
}

const NEXT = `insert into reply_numbers (day, goal, environment, last) values (?, ?, ?, 1)
  on conflict (day, goal, environment) do update set last = reply_numbers.last + 1 returning last`;

/** Takes the next number for replies of this day, goal and environment; a rolled-back number is used again. */
export async function nextReplyNumber(tx: Db, day: string, goal: string, environment: string): Promise<number> {
  const [row] = await rowsOf<{ last: string | number }>(tx, NEXT, [day, goal, environment]);
  return Number(row?.last);
}

/** The stem of a reply: `<GOAL>.999999.<date>.<sequence>.<environment>` (protocol §1.1). */
export function replyStem(goal: string, day: string, number: number, environment: string): string {
  return `${goal}.999999.${day}.${replySequence(number)}.${environment}`;
}
