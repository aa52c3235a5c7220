/** When a job is due. Its slots are instants; each names one run. */
export interface Timetable {
  /** For people: `every 60s`, `daily at 03:00 UTC`. */
  readonly text: string;
  /** The last slot at or before an instant. */
  latest(now: Date): Date;
  /** The first slot after an instant. */
  next(after: Date): Date;
  /** About how far slots lie apart, in ms. */
  readonly apartMs: number;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** A slot every `ms` milliseconds (at least 1), counted from 1970 on: every process has the same. */
export function every(ms: number): Timetable {
  const [unit, size] = UNITS.find(([, size]) => ms % size === 0) ?? ['ms', 1];
  const latest = (now: Date) => new Date(Math.floor(now.getTime() / ms) * ms);
  return {
    text: `every ${ms / size}${unit}`,
    latest,
    next: (after) => new Date(latest(after).getTime() + ms),
    apartMs: ms,
  };
}

const DAY_MS = 86_400_000;

/** A slot a day, at `HH:MM` in UTC. */
export function daily(at: string): Timetable {
  const [hours = 0, minutes = 0] = at.split(':').map(Number);
  const offset = (hours * 60 + minutes) * 60_000;
  const latest = (now: Date) => new Date(Math.floor((now.getTime() - offset) / DAY_MS) * DAY_MS + offset);
  return {
    text: `daily at ${at} UTC`,
    latest,
    next: (after) => new Date(latest(after).getTime() + DAY_MS),
    apartMs: DAY_MS,
  };
}

/** The name of the run of a slot, `2026-11-22T11:40:00Z`; keys of one job sort as their slots do. */
export function runKeyOf(slot: Date): string {
  const text = slot.toISOString();
  return slot.getTime() % 1_000 === 0 ? `${text.slice(0, 19)}Z` : text;
}

/** The slot that a run key names; undefined when the timetable has no such slot. */
export function slotOf(timetable: Timetable, runKey: string): Date | undefined {
  const slot = new Date(runKey);
  if (Number.isNaN(slot.getTime()) || runKeyOf(slot) !== runKey) return undefined;
  return timetable.latest(slot).getTime() === slot.getTime() ? slot : undefined;
}
