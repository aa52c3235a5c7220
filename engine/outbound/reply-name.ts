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

/** The stem of a reply: `<GOAL>.999999.<date>.<sequence>.<environment>` (protocol §1.1). */
export function replyStem(goal: string, day: string, number: number, environment: string): string {
  return `${goal}.999999.${day}.${replySequence(number)}.${environment}`;
}
