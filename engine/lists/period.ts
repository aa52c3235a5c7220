/** How long the periods of a list are, and where half-years are cut. */
export type PeriodRule =
  | { readonly kind: 'day' | 'month' | 'year' }
  /** The first months of the two halves, 1 to 12: [1, 7], or [3, 10] for summaries that close in March and October. */
  | { readonly kind: 'half-year'; readonly starts: readonly [number, number] };

/** A span of Belgian calendar days. */
export interface Period {
  /** `2026-03-14`, `2026-03`, `2026-H1` (the half that begins first in 2026), `2026`. */
  readonly name: string;
  /** Its first day, YYYY-MM-DD. */
  readonly from: string;
  /** The first day after it, YYYY-MM-DD. */
  readonly until: string;
}

/** The period of a rule that a day (YYYY-MM-DD) lies in. */
export function periodOf(rule: PeriodRule, day: string): Period {
  const { year, month } = partsOf(day);
  switch (rule.kind) {
    case 'day':
      return { name: day, from: day, until: addDays(day, 1) };
    case 'month':
      return { name: day.slice(0, 7), from: firstOf(year, month), until: firstOf(year, month + 1) };
    case 'year':
      return { name: day.slice(0, 4), from: firstOf(year, 1), until: firstOf(year + 1, 1) };
    case 'half-year':
      return halfOf(rule.starts, year, month);
  }
}

/** The period that follows. */
export function periodAfter(rule: PeriodRule, { until }: Period): Period {
  return periodOf(rule, until);
}

/** The period that goes before. */
export function periodBefore(rule: PeriodRule, { from }: Period): Period {
  return periodOf(rule, addDays(from, -1));
}

/** The last period that is over when a day begins: its `until` is that day or an earlier one. */
export function closedBy(rule: PeriodRule, day: string): Period {
  return periodBefore(rule, periodOf(rule, day));
}

const NAMES = {
  day: /^\d{4}-\d{2}-\d{2}$/,
  month: /^\d{4}-\d{2}$/,
  year: /^\d{4}$/,
  'half-year': /^\d{4}-H[12]$/,
} as const satisfies Record<PeriodRule['kind'], RegExp>;

/** The period of this name; undefined when the rule has none, such as 2026-02-30. */
export function parsePeriod(rule: PeriodRule, name: string): Period | undefined {
  if (!NAMES[rule.kind].test(name)) return undefined;
  const day = rule.kind === 'half-year' ? firstDayOfHalf(rule.starts, name) : `${name}-01-01`.slice(0, 10);
  if (addDays(day, 0) !== day) return undefined;
  const period = periodOf(rule, day);
  return period.name === name ? period : undefined;
}

/** A name that a rule's periods could have, for messages. */
export function exampleName(rule: PeriodRule): string {
  return periodOf(rule, '2026-03-14').name;
}

/** A day, so many days later (or earlier). */
export function addDays(day: string, days: number): string {
  const moved = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(moved.getTime())) return '';
  moved.setUTCDate(moved.getUTCDate() + days);
  return moved.toISOString().slice(0, 10);
}

function halfOf(starts: readonly [number, number], year: number, month: number): Period {
  const [first, second] = starts;
  if (month < first) return half(starts, year - 1, 2);
  return half(starts, year, month < second ? 1 : 2);
}

function half([first, second]: readonly [number, number], year: number, number: 1 | 2): Period {
  const [from, until] = number === 1 ? [first, second] : [second, first + 12];
  return { name: `${year}-H${number}`, from: firstOf(year, from), until: firstOf(year, until) };
}

function firstDayOfHalf([first, second]: readonly [number, number], name: string): string {
  return firstOf(Number(name.slice(0, 4)), name.endsWith('1') ? first : second);
}

/** The first day of a month; month 13 is January of the next year. */
function firstOf(year: number, month: number): string {
  const overflow = Math.floor((month - 1) / 12);
  const [y, m] = [year + overflow, month - overflow * 12];
  return `${String(y).padStart(4, '0')}-${String(m).padStart(2, '0')}-01`;
}

function partsOf(day: string): { readonly year: number; readonly month: number } {
  return { year: Number(day.slice(0, 4)), month: Number(day.slice(5, 7)) };
}
