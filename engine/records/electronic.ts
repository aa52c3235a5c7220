import { startOfDay } from '../core/calendar.ts';
import type { Db } from '../store/database.ts';
import { addRowOnce, change, rowsOf } from '../store/sql.ts';

/** An authority that gets the records of a source one by one. */
export interface Electronic {
  readonly source: string;
  readonly authority: string;
  /** YYYY-MM-DD, the first day of a period; `until` is exclusive, null while it goes on. */
  readonly from: string;
  readonly until: string | null;
}

/** True when an authority gets records of this day by themselves. */
export async function isElectronic(db: Db, source: string, authority: string, day: string): Promise<boolean> {
  const sql = `select 1 as found from electronic_authorities where source = ? and authority = ? and from_day <= ?
    and (until_day is null or until_day > ?) limit 1`;
  return (await rowsOf(db, sql, [source, authority, day, day])).length > 0;
}

/** Lets an authority get the records of a source by themselves from a day on; false when it does already. */
export async function switchOn(tx: Db, { source, authority, from }: Omit<Electronic, 'until'>): Promise<boolean> {
  if (await isElectronic(tx, source, authority, from)) return false;
  // one span without a gap stays one row: summaries ask whether one covers their period
  const goOn =
    'update electronic_authorities set until_day = null where source = ? and authority = ? and until_day = ?';
  if ((await change(tx, goOn, [source, authority, from])) > 0) return true;
  const begins = { from_day: from, from_at: startOfDay(from).toISOString() };
  return addRowOnce(tx, 'electronic_authorities', { source, authority, ...begins, until_day: null });
}

/** Lets an authority get them in lists again from a day on; false when it does. */
export async function switchOff(tx: Db, { source, authority, from }: Omit<Electronic, 'until'>): Promise<boolean> {
  const where = 'source = ? and authority = ? and until_day is null';
  const unborn = await change(tx, `delete from electronic_authorities where ${where} and from_day >= ?`, [
    ...[source, authority, from],
  ]);
  const ended = await change(tx, `update electronic_authorities set until_day = ? where ${where}`, [
    from,
    source,
    authority,
  ]);
  return unborn + ended > 0;
}

/** The authorities that get records of a source by themselves, now, later or formerly. */
export async function electronicOf(db: Db, source: string): Promise<Electronic[]> {
  const sql = 'select * from electronic_authorities where source = ? order by authority, from_day';
  const rows = await rowsOf<{ authority: string; from_day: string; until_day: string | null }>(db, sql, [source]);
  return rows.map(({ authority, from_day: from, until_day: until }) => ({ source, authority, from, until }));
}
