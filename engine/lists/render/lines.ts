import type { TakenRecords } from '../../records/taken.ts';
import { type Column, type ListDefinition, ruleOf } from '../definition.ts';
import { periodOf } from '../period.ts';
import type { Line, Totals } from './rendering.ts';
import { numberIn } from './values.ts';

/** The lines of records in the list of an authority. */
export function linesOf(definition: ListDefinition, records: TakenRecords, authority: string): Line[] {
  const all: Readonly<Record<string, string>>[] = JSON.parse(records.fields);
  const ownOf = ownValues(definition, records, authority);
  const days: string[] = records.late ? JSON.parse(records.days) : [];
  const names = definition.columns.map(({ field }) => field);
  return all.map((fields, at) => ({
    values: names.map((name) => fields[name] ?? ownOf[name]?.(at) ?? ''),
    correctionOf: records.late ? periodOf(ruleOf(definition), days[at] ?? '').name : '',
  }));
}

/** What a record is besides its fields, for columns that are called so. */
function ownValues({ columns }: ListDefinition, { days, kinds }: TakenRecords, authority: string) {
  const all: Readonly<Record<string, () => (at: number) => string>> = {
    authority: () => () => authority,
    day: () => inTurn(days),
    kind: () => inTurn(kinds),
  };
  const asked = columns.flatMap(({ field }) => (Object.hasOwn(all, field) ? [[field, all[field]?.()] as const] : []));
  return Object.assign(Object.create(null), Object.fromEntries(asked)) as Record<string, (at: number) => string>;
}

function inTurn(array: string): (at: number) => string {
  const values: string[] = JSON.parse(array);
  return (at) => values[at] ?? '';
}

/** Adds up what the totals say. */
export function createSum({ columns }: ListDefinition) {
  const summed = columns.flatMap((column, at) =>
    column.total ? [{ column, at, signAt: signOf(column, columns) }] : [],
  );
  const sums: Record<string, number> = Object.fromEntries(summed.map(({ column }) => [column.field, 0]));
  let [lines, corrections] = [0, 0];
  return {
    add(added: readonly Line[]) {
      lines += added.length;
      for (const { values, correctionOf } of added) {
        if (correctionOf !== '') corrections += 1;
        for (const { column, at, signAt } of summed) {
          sums[column.field] = (sums[column.field] ?? 0) + numberIn(values[at] ?? '', values[signAt]);
        }
      }
    },
    totals: (): Totals => ({ lines, corrections, sums: { ...sums } }),
  };
}

const signOf = ({ sign }: Column, columns: readonly Column[]) => columns.findIndex(({ field }) => field === sign);
