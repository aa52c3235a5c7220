import { dayOf } from '../records/record-of.ts';
import type { Check, Field, Report, RunningCheck } from './check.ts';
import type { ErrorId } from './error-ids.ts';

/** Where a goal's forms say of which day a record is. */
export interface DayPlace {
  /** Each element of this name in a form is a record. */
  readonly element: string;
  /** A field of the record or, where it has none of this name, of its form. */
  readonly day: string;
}

const NO_DAY: ErrorId = '90901-001';
const LONGEST_VALUE = 80;

/**
 * Looks at the day of each record: schemas let some through that no calendar has, such as 29 February of 2027, and a record
 * without a day would be in no list. A day that the form says for its records is looked at once.
 */
export function recordDays(places: readonly DayPlace[]): Check {
  return {
    elements: ['Form', ...places.flatMap(({ element, day }) => [element, day])],
    start: (_, report) => {
      const running = places.map((place) => daysAt(place, report));
      return {
        closed(field) {
          for (const one of running) one.closed(field);
        },
      };
    },
  };
}

/** What a field says that is no day. */
type Wrong = Pick<Field, 'line' | 'column'> & { readonly value: string };
type Said = 'a day' | Wrong;

function daysAt({ element, day }: DayPlace, report: Report): RunningCheck {
  const isDay = remembering((text) => dayOf(text) !== undefined);
  let own: Said | undefined; // what the record says that is being read
  let ofForm: Said | undefined;
  let [records, withoutOwn] = [0, 0];

  function said(field: Field): Said {
    const value = field.text();
    return isDay(value) ? 'a day' : { value, line: field.line, column: field.column };
  }

  function tell(wrong: Wrong, place: string): void {
    const value = wrong.value.slice(0, LONGEST_VALUE);
    report({ ...wrong, errorId: NO_DAY, tagName: day, value, label: 'no day of the calendar', place });
  }

  function endRecord({ parent }: Field): void {
    if (parent === 'Form') {
      records += 1;
      if (own === undefined) withoutOwn += 1;
      else if (own !== 'a day') tell(own, `${element}[${records}]/${day}`);
    }
    own = undefined;
  }

  function endForm({ line, column }: Field): void {
    if (withoutOwn > 0 && ofForm !== 'a day') tell(ofForm ?? { value: '', line, column }, day);
    [own, ofForm] = [undefined, undefined];
    [records, withoutOwn] = [0, 0];
  }

  return {
    closed(field) {
      const { name, parent } = field;
      if (name === element) endRecord(field);
      else if (name === 'Form') endForm(field);
      else if (name === day && parent === element) own = said(field);
      else if (name === day && parent === 'Form') ofForm = said(field);
    },
  };
}

/** Records that follow one another are mostly of the same day. */
function remembering(judge: (text: string) => boolean): (text: string) => boolean {
  let [last, judged] = ['', judge('')];
  return (text) => {
    if (text !== last) [last, judged] = [text, judge(text)];
    return judged;
  };
}
