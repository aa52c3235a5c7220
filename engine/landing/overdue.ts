import { stat } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { rowsOf } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';
import { auditRemoval } from './audit-removal.ts';
import type { FolderName } from './folders.ts';

/** A sender's folder. */
export interface Place {
  readonly sender: string;
  readonly folder: FolderName;
}

/** A file that has lain in its folder too long. */
export interface OverdueFile extends Place {
  readonly id: number;
  readonly name: string;
  readonly channel: string;
  readonly complete: boolean;
  readonly size: number;
  /** Its file in the blob directory, if it has one. */
  readonly file: string | null;
}

/** The next sender that has any file, in order; each look-up is one step in the index. */
export async function nextSender(db: Db, after: string): Promise<string | undefined> {
  const row = await db('folder_files').where('sender', '>', after).min('sender as sender').first();
  return row?.['sender'] ?? undefined;
}

/** Files of a folder that were stored by `before`, in the order of their names, after the name `after`. */
export async function overdueFiles(
  db: Db,
  { sender, folder }: Place,
  { before, after, limit }: { readonly before: Date; readonly after: string; readonly limit: number },
): Promise<OverdueFile[]> {
  const rows = await db('folder_files')
    .select('id', 'name', 'channel', 'state', 'size', 'file')
    .where({ sender, folder })
    .where('name', '>', after)
    .where('stored_at', '<=', before.toISOString())
    .orderBy('name')
    .limit(limit);
  return rows.map(({ id, name, channel, state, size, file }) => ({
    ...{ sender, folder, name, file, id: Number(id), size: Number(size) },
    channel: channel ?? 'unknown',
    complete: state === 'complete',
  }));
}

/** Whether a file whose name begins with one of the prefixes was stored after `since`, finished or not. */
export async function isStirring(db: Db, place: Place, prefixes: readonly string[], since: Date): Promise<boolean> {
  const row = await begun(db, place, prefixes).where('stored_at', '>', since.toISOString()).first();
  return row !== undefined;
}

/** Whether a finished file whose name begins with one of the prefixes is there. */
export async function isThere(db: Db, place: Place, prefixes: readonly string[]): Promise<boolean> {
  const row = await begun(db, place, prefixes).where({ state: 'complete' }).first();
  return row !== undefined;
}

function begun(db: Db, { sender, folder }: Place, prefixes: readonly string[]) {
  return db('folder_files')
    .select('id')
    .where({ sender, folder })
    .where((any) => {
      for (const prefix of prefixes) any.orWhereBetween('name', [prefix, `${prefix}\u{10FFFF}`]);
    });
}

export interface RemoveDeps {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly clock: Clock;
}

/**
 * Removes an overdue file with its bytes; false, and nothing done, when it was sent anew, renamed or taken since, or
 * when an upload still adds to it.
 */
export async function removeOverdue(
  { db, blobs, clock }: RemoveDeps,
  file: OverdueFile,
  before: Date,
): Promise<boolean> {
  if (file.file !== null && !file.complete && (await changedSince(blobs, file.file, before))) return false;
  const statement = 'delete from folder_files where id = ? and name = ? and stored_at <= ? returning file';
  const removed = await inTransaction(db, async (tx) => {
    const [row] = await rowsOf<{ file: string | null }>(tx, statement, [file.id, file.name, before.toISOString()]);
    if (row) await auditRemoval(tx, { by: 'engine', at: clock(), key: file, size: file.size });
    return row;
  });
  if (removed?.file) await blobs.files.remove(removed.file); // after a crash here the sweep finds it
  return removed !== undefined;
}

/** The row of a large upload is as old as its beginning; the file tells when something last came. */
async function changedSince(blobs: BlobStore, file: string, since: Date): Promise<boolean> {
  const facts = await stat(blobs.files.pathOf(file)).catch(() => undefined); // gone: nobody writes to it
  return facts !== undefined && facts.mtime > since;
}
