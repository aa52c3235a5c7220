import { type CronExpression, CronExpressionParser } from 'cron-parser';
import { instantOf, wallClock } from '../core/calendar.ts';
import type { Timetable } from '../jobs/timetable.ts';

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];
const ORDINALS: Readonly<Record<string, string>> = {
  ...{ first: '#1', second: '#2', third: '#3', fourth: '#4', last: 'L' },
};
const RULE = /^(?:daily|(first|second|third|fourth|last) (\w+) of (.+)|day (\d{1,2}) of (.+)) at (\d{2}):(\d{2})$/;

/** What a schedule may look like, for messages. */
export const SCHEDULE_FORMS =
  'daily at HH:MM, first Sunday of the month at HH:MM (second, third, fourth, last), day N of the month at HH:MM, months by name instead of "the month" (March, October), or cron: five fields';

/** The five cron fields of a schedule in words, or of `cron: …`; undefined when it is neither. */
export function cronOf(text: string): string | undefined {
  if (text.startsWith('cron:')) return fiveFields(text.slice('cron:'.length).trim());
  const match = RULE.exec(text);
  if (!match) return undefined;
  const [, ordinal = '', weekday = '', ofWeekday = '', day, ofDay = '', hours = '', minutes = ''] = match;
  const months = monthsOf(ofWeekday || ofDay);
  const dayOfWeek = WEEKDAYS.indexOf(weekday);
  if (months === undefined || (ordinal !== '' && dayOfWeek < 0)) return undefined;
  const days = ordinal === '' ? `${day ?? '*'} ${months} *` : `* ${months} ${dayOfWeek}${ORDINALS[ordinal]}`;
  return fiveFields(`${Number(minutes)} ${Number(hours)} ${days}`);
}

function monthsOf(text: string): string | undefined {
  if (text === '' || text === 'the month') return '*';
  const numbers = text.split(/, ?| and /).map((name) => MONTHS.indexOf(name) + 1);
  return numbers.includes(0) ? undefined : numbers.join(',');
}

function fiveFields(cron: string): string | undefined {
  if (cron.split(/\s+/).length !== 5) return undefined;
  try {
    expression(cron, new Date(0)).next();
    return cron;
  } catch {
    return undefined; // the library's own words say nothing that SCHEDULE_FORMS does not
  }
}

// The library is asked about a calendar without summer time, so that what it answers does not depend on where it began;
// what clocks in Belgium show is turned into an instant here.
function expression(cron: string, wall: Date): CronExpression {
  return CronExpressionParser.parse(cron, { currentDate: wall, tz: 'UTC' });
}

const HOUR_MS = 3_600_000;
const AROUND_MS = 3 * HOUR_MS; // clocks are put forward or back by less

/**
 * The timetable of a schedule, by Belgian clocks (Europe/Brussels). A time that there is not, on the day that clocks
 * are put forward, means the end of the gap; one that there is twice means its first pass. Throws RangeError for what
 * cronOf does not know.
 */
export function timetableOf(schedule: string): Timetable {
  const cron = cronOf(schedule);
  if (cron === undefined) throw new RangeError(`no schedule: ${schedule}`);
  return {
    text: `${schedule} (Europe/Brussels)`,
    latest(now) {
      const slots = expression(cron, new Date(wallClock(now).getTime() + AROUND_MS));
      return step(
        () => slots.prev(),
        (slot) => slot <= now,
      );
    },
    next(after) {
      const slots = expression(cron, new Date(wallClock(after).getTime() - AROUND_MS));
      return step(
        () => slots.next(),
        (slot) => slot > after,
      );
    },
    apartMs: apart(cron),
  };
}

function step(advance: () => { toDate(): Date }, found: (slot: Date) => boolean): Date {
  for (;;) {
    const slot = instantOf(advance().toDate());
    if (found(slot)) return slot;
  }
}

function apart(cron: string): number {
  const slots = expression(cron, new Date(0));
  const [first, second] = [slots.next().toDate(), slots.next().toDate()];
  return second.getTime() - first.getTime();
}
