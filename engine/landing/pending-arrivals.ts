import type { Db } from '../store/database.ts';
import { parseTrigger, setPrefixes, triggerRole } from './file-name.ts';
import { IN_FOLDERS } from './folder-files.ts';
import type { Arrival } from './folders.ts';

const PAGE = 100;

/**
 * Every complete GO or TD that has lain in an IN folder since `before`, the longest first: what a crash left between
 * the upload and the intake. Not those with files of their set that came later, finished or not: such a set is being
 * sent anew. Read in pages, however many there are; one that leaves its folder meanwhile may be missed.
 */
export async function* pendingArrivals(db: Db, before: Date): AsyncGenerator<Arrival> {
  for (let after = 0; ; ) {
    const rows: (Arrival & { id: number | string })[] = await pendingSince(db, before)
      .select('id', 'sender', 'folder', 'name', 'channel')
      .andWhere('id', '>', after)
      .orderBy('id')
      .limit(PAGE);
    for (const { id: _, ...arrival } of rows) if (await liesStill(db, arrival, before)) yield arrival;
    const last = rows.at(-1);
    if (!last) return;
    after = Number(last.id);
  }
}

async function liesStill(db: Db, { sender, folder, name }: Arrival, before: Date): Promise<boolean> {
  if (triggerRole(name) === undefined) return false;
  const stem = parseTrigger(name)?.stem;
  if (stem === undefined) return true; // a name without structure releases nothing
  const since = before.toISOString();
  for (const prefix of setPrefixes(stem)) {
    const later = db('folder_files')
      .where({ sender, folder })
      .whereBetween('name', [prefix, `${prefix}\u{10FFFF}`]);
    if (await later.andWhere('stored_at', '>', since).first('id')) return false;
  }
  return true;
}

/** How many sets have lain in an IN folder since `before` though their GO or TD is there, counted up to `most`. */
export async function countPending(db: Db, before: Date, most: number): Promise<number> {
  const bounded = pendingSince(db, before).select('id').limit(most).as('bounded');
  const row = await db.from(bounded).count('* as waiting').first();
  return Number(row?.['waiting'] ?? 0);
}

function pendingSince(db: Db, before: Date) {
  return db('folder_files')
    .where({ state: 'complete' })
    .whereIn('folder', IN_FOLDERS)
    .where((any) => any.whereBetween('name', ['GO', 'GO/']).orWhereBetween('name', ['TD', 'TD/']))
    .where('stored_at', '<=', before.toISOString());
}
