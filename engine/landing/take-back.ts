import type { Db } from '../store/database.ts';
import { auditRemoval } from './audit-removal.ts';
import { releaseOf } from './file-name.ts';
import { type FileKey, removeFile } from './folder-rows.ts';

/**
 * Removes the GO of a set that loses a file, whole as it was, while its GO waits to be taken in: the set is being sent
 * anew, and that GO would release half of it. Its sender never saw it acknowledged, so sends it again.
 */
export async function takeBack(tx: Db, { sender, folder, name }: FileKey, at: Date): Promise<void> {
  const release = folder.startsWith('IN') ? releaseOf(name) : undefined;
  if (release === undefined) return;
  const key = { sender, folder, name: release };
  const row = await removeFile(tx, key);
  if (row) await auditRemoval(tx, { by: 'engine', at, key, size: row.size });
}
