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

/** Whole days from one YYYYMMDD date to another. */
export function daysBetween(from: string, to: string): number {
  return Math.round((utc(to) - utc(from)) / 86_400_000);
}

function utc(date: string): number {
  return Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6, 8)));
}

const HOUR_MS = 3_600_000;

/** The instant at which a day (YYYY-MM-DD) begins in Belgium. */
export function startOfDay(day: string): Date {
  const utcMidnight = new Date(`${day}T00:00:00Z`).getTime();
  const summer = new Date(utcMidnight - 2 * HOUR_MS);
  return protocolTime(summer).date === day ? summer : new Date(utcMidnight - HOUR_MS);
}
