import type { Db } from '../store/database.ts';
import { rowsOf } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';
import { auditRemoval } from './audit-removal.ts';
import { FOLDERS, type FolderName } from './folders.ts';

/** The folders that answers are put in. */
export const OUT_FOLDERS: readonly FolderName[] = FOLDERS.filter((folder) => folder.startsWith('OUT'));

/** A sender's OUT folder. */
export interface OutPlace {
  readonly sender: string;
  readonly folder: FolderName;
}

/** An answer that has no copy yet. */
export interface Uncopied {
  readonly id: number;
  readonly name: string;
}

/** An answer and what names its copy. */
export interface Copied {
  readonly name: string;
  readonly copy: string;
}

const CHUNK = 200;
const SENDERS_ASKED = 500;
const names = OUT_FOLDERS.map((folder) => `'${folder}'`).join(', ');

/** Which of these senders have answers without a copy, and in which folders. */
export async function placesToCopy(db: Db, senders: readonly string[]): Promise<OutPlace[]> {
  const found: OutPlace[] = [];
  for (let at = 0; at < senders.length; at += SENDERS_ASKED) {
    const some = senders.slice(at, at + SENDERS_ASKED);
    const select = `select distinct sender, folder from folder_files
      where copy is null and folder in (${names}) and sender in (${some.map(() => '?').join(', ')})`;
    found.push(...(await rowsOf<OutPlace>(db, select, some)));
  }
  return found;
}

/**
 * The first answers of a folder that have no copy, in the order of their names: whatever is released by a GO among them
 * stands before it, for all of an answer is placed at once.
 */
export async function uncopied(db: Db, { sender, folder }: OutPlace): Promise<Uncopied[]> {
  const select = `select id, name from folder_files
    where copy is null and folder in (${names}) and sender = ? and folder = ? order by name limit ${CHUNK}`;
  const rows = await rowsOf<{ id: string | number; name: string }>(db, select, [sender, folder]);
  return rows.map(({ id, name }) => ({ id: Number(id), name }));
}

/** Says which copy an answer has; false when it has one already, or is gone. */
export async function noteCopy(db: Db, id: number, copy: string): Promise<boolean> {
  return (await db('folder_files').where({ id }).whereNull('copy').update({ copy })) > 0;
}

/** The answers of a folder that have a copy, all of them or those of some names. */
export async function copiedIn(db: Db, { sender, folder }: OutPlace, some?: readonly string[]): Promise<Copied[]> {
  const query = db('folder_files').select('name', 'copy').where({ sender, folder }).whereNotNull('copy');
  if (some) query.whereIn('name', some);
  return query.orderBy('name');
}

/** Removes an answer whose copy its sender has taken away, with an audit line; false when it was placed anew since. */
export async function removeFetched(db: Db, place: OutPlace, { name, copy }: Copied, at: Date): Promise<boolean> {
  const { sender, folder } = place;
  return inTransaction(db, async (tx) => {
    const statement =
      'delete from folder_files where sender = ? and folder = ? and name = ? and copy = ? returning size';
    const [row] = await rowsOf<{ size: number | string }>(tx, statement, [sender, folder, name, copy]);
    if (row) await auditRemoval(tx, { by: sender, at, key: { sender, folder, name }, size: row.size });
    return row !== undefined;
  });
}
