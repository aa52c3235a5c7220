import { daysBetween, fileDate, isCalendarDate } from '../../core/calendar.ts';
import type { Check, Field, Report } from './check.ts';
import { faultOf } from './generic.ts';

const TERM_DAYS = 45;

/** A decision is sent within 45 days after the end of its month (protocol §3.3), reckoned to the day on which it is checked. */
export const decisionTerm: Check = dateCheck('DecisionDate', (field, date, today, report) => {
  if (daysBetween(endOfMonth(date), today) > TERM_DAYS)
    report(faultOf(field, '90601-001', date, `sent more than ${TERM_DAYS} days after the end of the month`));
});

/** A decision is not of a day that is still to come. */
export const decisionFuture: Check = dateCheck('DecisionDate', (field, date, today, report) => {
  if (date > today) report(faultOf(field, '90601-003', date, 'date is in the future'));
});

/** It takes effect on the first of a month (protocol §3.3, code 324211). */
export const decisionStart: Check = dateCheck('EffectiveDate', (field, date, _, report) => {
  if (!date.endsWith('01')) report(faultOf(field, '90601-002', date, 'not the first day of a month'));
});

type Judge = (field: Field, date: string, today: string, report: Report) => void;

function dateCheck(element: string, judge: Judge): Check {
  return {
    elements: [element],
    start: (context, report) => {
      const today = fileDate(context.now);
      return {
        closed(field) {
          const date = field.text();
          if (isCalendarDate(date)) judge(field, date, today, report); // the schema has a finding for what is no date
        },
      };
    },
  };
}

/** The last day of the month of a day, both YYYYMMDD. */
function endOfMonth(date: string): string {
  const end = new Date(Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)), 0));
  return end.toISOString().slice(0, 10).replaceAll('-', '');
}
