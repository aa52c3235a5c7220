import { isCalendarDate } from '../core/calendar.ts';

/**
 * Values of a declaration as a notification may repeat them: each function gives the value back when
 * NOTIFICATION_20223.xsd takes it there, else undefined, so that the field is left out.
 */

/** A whole number without sign, between two limits; leading zeros stay, but no more than the upper limit has digits. */
export function integer(text: string | undefined, least: number, most: number): string | undefined {
  if (text === undefined || !/^[0-9]+$/.test(text) || text.length > String(most).length) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? text : undefined;
}

/** A calendar day, yyyy-mm-dd. */
export function date(text: string): string | undefined {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) || text.startsWith('0000')) return undefined;
  return isCalendarDate(text.replaceAll('-', '')) ? text : undefined;
}

/** A time of day, HH:MM:SS.mmm. */
export function time(text: string): string | undefined {
  return /^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}$/.test(text) ? text : undefined;
}

/** A quarter YYYYQ, not before 20031. */
export function quarter(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9]{4}[1-4]$/.test(text) && Number(text) >= 20031 ? text : undefined;
}

/** The kind of a form: one of the five the interface knows. */
export function typeForm(text: string): string | undefined {
  return ['RE', 'PA', 'FA', 'LA', 'SU'].includes(text) ? text : undefined;
}

/** A company number of nine or ten digits, or 0 for none. */
export function companyId(text: string | undefined): string | undefined {
  if (text === undefined || !/^(0|[0-9]{9}|[0-9]{10})$/.test(text)) return undefined;
  return Number(text) <= 1_999_999_943 ? text : undefined;
}

/** An INSS as written: eleven digits, or 0 for none. */
export function inss(text: string | undefined): string | undefined {
  return text !== undefined && /^(0|[0-9]{11})$/.test(text) ? text : undefined;
}

/** A line or column, from 1. */
export function place(value: number): number | undefined {
  return Number.isSafeInteger(value) && value >= 1 && value <= 999_999_999_999_999 ? value : undefined;
}
