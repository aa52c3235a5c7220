/** The zone in which the protocol's dates are meant: a sender's midnight is Belgian midnight. */
export const PROTOCOL_ZONE = 'Europe/Brussels';

// Swedish, because it writes YYYY-MM-DD HH:MM:SS
const FORMAT = new Intl.DateTimeFormat('sv-SE', {
  timeZone: PROTOCOL_ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** Date (YYYY-MM-DD) and time (HH:MM:SS.mmm) of an instant as the protocol writes them, in Belgian time (protocol §1.4). */
export function protocolTime(instant: Date): { readonly date: string; readonly time: string } {
  const text = FORMAT.format(instant);
  const millis = String(instant.getUTCMilliseconds()).padStart(3, '0');
  return { date: text.slice(0, 10), time: `${text.slice(-8)}.${millis}` };
}

/** The Belgian date of an instant as file names write it: YYYYMMDD. */
export function fileDate(instant: Date): string {
  return protocolTime(instant).date.replaceAll('-', '');
}

/** True for eight digits that name a day of the calendar. */
export function isCalendarDate(text: string): boolean {
  const match = /^(\d{4})(\d{2})(\d{2})$/.exec(text);
  if (!match) return false;
  const iso = `${match[1]}-${match[2]}-${match[3]}`;
  const day = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(iso);
}

const ZONED = /^(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})$/;

/** A date as XML Schema writes it, without the zone that may follow it: 2026-03-14+01:00 is 2026-03-14. Other texts stay as they are. */
export function withoutZone(text: string): string {
  return text.replace(ZONED, '$1');
}

/** Whole days from one YYYYMMDD date to another. */
export function daysBetween(from: string, to: string): number {
  return Math.round((utc(to) - utc(from)) / 86_400_000);
}

function utc(date: string): number {
  return Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6, 8)));
}

/** What clocks in Belgium show at an instant, as the instant at which UTC shows it: to reckon with days and hours. */
export function wallClock(instant: Date): Date {
  const { date, time } = protocolTime(instant);
  return new Date(`${date}T${time}Z`);
}

const DAY_MS = 86_400_000;

/**
 * The instant at which clocks in Belgium show this (given as wallClock gives it). An hour that there is twice means
 * its first pass; one that there is not means the end of the gap. So a later wall clock never gives an earlier instant.
 */
export function instantOf(wall: Date): Date {
  const at = wall.getTime();
  const [before, after] = [offsetAt(at - DAY_MS), offsetAt(at + DAY_MS)];
  const early = Math.min(at - before, at - after);
  const late = Math.max(at - before, at - after);
  for (const candidate of [early, late]) if (candidate + offsetAt(candidate) === at) return new Date(candidate);
  return new Date(changeBetween(early, late));
}

/** How far the clocks are ahead of UTC, in ms. */
function offsetAt(instant: number): number {
  return wallClock(new Date(instant)).getTime() - instant;
}

/** The first instant of the new offset, between one of the old and one of the new. */
function changeBetween(old: number, fresh: number): number {
  let [low, high] = [old, fresh];
  const offset = offsetAt(fresh);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle) === offset) high = middle;
    else low = middle;
  }
  return high;
}

const HOUR_MS = 3_600_000;

/** The instant at which a day (YYYY-MM-DD) begins in Belgium. */
export function startOfDay(day: string): Date {
  const utcMidnight = new Date(`${day}T00:00:00Z`).getTime();
  const summer = new Date(utcMidnight - 2 * HOUR_MS);
  return protocolTime(summer).date === day ? summer : new Date(utcMidnight - HOUR_MS);
}
