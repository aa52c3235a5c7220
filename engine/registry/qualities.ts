import type { Db } from '../store/database.ts';

/** The capacities that an organisation acts in, in the order of their names. */
export async function qualitiesOf(db: Db, enterpriseNumber: string): Promise<string[]> {
  const rows = await db('qualities').where({ enterprise_number: enterpriseNumber }).orderBy('code').select('code');
  return rows.map(({ code }) => String(code));
}

/** Gives an organisation a quality; nothing happens when it has it. The first one is its default. */
export async function addQuality(tx: Db, enterpriseNumber: string, code: string): Promise<void> {
  const isFirst = (await qualitiesOf(tx, enterpriseNumber)).length === 0;
  await tx('qualities')
    .insert({ enterprise_number: enterpriseNumber, code, is_default: isFirst })
    .onConflict(['enterprise_number', 'code'])
    .ignore();
}
