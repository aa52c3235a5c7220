import type { TakenRecord } from '../../records/selection.ts';
import { type Column, type ListDefinition, ruleOf } from '../definition.ts';
import { periodOf } from '../period.ts';
import type { Line, Totals } from './rendering.ts';
import { numberIn } from './values.ts';

/** What a list shows of a record. */
export type ListedRecord = Omit<TakenRecord, 'id'>;

/** The line of a record in the list of an authority. */
export function lineOf(definition: ListDefinition, record: ListedRecord, authority: string): Line {
  const fields: Readonly<Record<string, string>> = JSON.parse(record.fields);
  const values = definition.columns.map(({ field }) => fields[field] ?? ownValue(record, authority, field));
  return { values, correctionOf: record.late ? periodOf(ruleOf(definition), record.day).name : '' };
}

function ownValue({ day, kind }: ListedRecord, authority: string, field: string): string {
  const own: Readonly<Record<string, string>> = { authority, day, kind };
  return Object.hasOwn(own, field) ? (own[field] ?? '') : '';
}

/** Adds up what the totals say. */
export function createSum({ columns }: ListDefinition) {
  const summed = columns.flatMap((column, at) =>
    column.total ? [{ column, at, signAt: signOf(column, columns) }] : [],
  );
  const sums: Record<string, number> = Object.fromEntries(summed.map(({ column }) => [column.field, 0]));
  let [lines, corrections] = [0, 0];
  return {
    add(records: readonly ListedRecord[], added: readonly Line[]) {
      lines += records.length;
      for (const { late } of records) if (late) corrections += 1;
      for (const { values } of added) {
        for (const { column, at, signAt } of summed) {
          sums[column.field] = (sums[column.field] ?? 0) + numberIn(values[at] ?? '', values[signAt]);
        }
      }
    },
    totals: (): Totals => ({ lines, corrections, sums: { ...sums } }),
  };
}

const signOf = ({ sign }: Column, columns: readonly Column[]) => columns.findIndex(({ field }) => field === sign);
