import { isCalendarDate, protocolTime, withoutZone } from '../../core/calendar.ts';
import type { NewRecord } from '../../records/records.ts';
import { RECEIVED_ON, type Source } from '../../records/source.ts';
import type { Fields } from './read-form.ts';

/** Where a record was read. */
export interface RecordPlace {
  readonly ticket: string;
  readonly formIndex: number;
  /** From 1, in the form. */
  readonly line: number;
  readonly receivedAt: Date;
}

const LONGEST = { kind: 20, position: 80, reference: 40 } as const;

/**
 * A record out of its fields, as its source is configured; undefined when it names no authority or no day that there
 * is. `ReceivedOn` is the Belgian day on which its submission was received.
 */
export function recordOf(source: Source, given: Fields, { receivedAt, ...place }: RecordPlace): NewRecord | undefined {
  const fields = { [RECEIVED_ON]: protocolTime(receivedAt).date, ...given };
  const authority = textIn(fields, source.authority);
  const day = dayOf(textIn(fields, source.day));
  if (!/^\d{10}$/.test(authority) || day === undefined) return undefined;
  const kind = source.kind === undefined ? '' : textIn(fields, source.kind).slice(0, LONGEST.kind);
  const position = source.position
    .map((name) => textIn(fields, name))
    .join(' ')
    .slice(0, LONGEST.position);
  const reference = source.reference && textIn(fields, source.reference).slice(0, LONGEST.reference);
  return {
    source: source.name,
    authority,
    kind,
    day,
    position,
    fields: given,
    ...place,
    ...(reference && { reference }),
  };
}

const textIn = (fields: Fields, name: string): string => (Object.hasOwn(fields, name) ? (fields[name] ?? '') : '');

/** YYYYMM (its first day), YYYYMMDD and YYYY-MM-DD, with a zone or without, as YYYY-MM-DD; undefined of a day that the calendar has not. */
export function dayOf(text: string): string | undefined {
  const digits = withoutZone(text).replaceAll('-', '');
  const day = digits.length === 6 ? `${digits}01` : digits;
  return isCalendarDate(day) ? `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}` : undefined;
}
