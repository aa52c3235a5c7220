import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import type { FileKey } from './folder-rows.ts';

/** A file that was taken out of a folder without having been taken in. */
export interface Removal {
  /** The sender, or `engine`. */
  readonly by: string;
  readonly at: Date;
  readonly key: FileKey;
  /** In bytes. */
  readonly size: number | string;
}

/** Audits that a sender deleted a file (in OUT: an answer it has fetched), or the engine an unfinished upload. */
export async function auditRemoval(tx: Db, { by, at, key, size }: Removal): Promise<void> {
  const { sender, folder, name } = key;
  const facts = { sender, size: Number(size) };
  await audit(tx, { at, who: by, what: 'file removed', subject: `${folder}/${name}`, outcome: 'removed', facts });
}
