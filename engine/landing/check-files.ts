import { type CheckDeps, type ContentFault, expectedOf, faultOf } from '../store/check-content.ts';
import type { Db } from '../store/database.ts';

const PAGE = 500;

/**
 * Files that wait in their folders whose bytes are not there or not what they should be; reads rows by pages, and bytes only when
 * `deep`. Of an unfinished upload nothing is expected but what is there.
 */
export async function* damagedFiles(deps: CheckDeps): AsyncGenerator<ContentFault> {
  const { db, signal } = deps;
  for (let after = 0; !signal?.aborted; ) {
    const rows = await rowsAfter(db, after);
    const last = rows.at(-1);
    if (!last) return;
    for (const row of rows) {
      const fault = await faultOf(deps, expectedOf(row), () => contentOf(db, row.id));
      if (fault && (await isStill(db, row))) yield { ...fault, subject: `${row.sender}/${row.folder}/${row.name}` };
    }
    after = Number(last.id);
  }
}

interface Row {
  readonly id: number | string;
  readonly sender: string;
  readonly folder: string;
  readonly name: string;
  readonly size: number | string;
  readonly sha256: string;
  readonly file: string | null;
  readonly inline: number | null;
}

/** Complete files that hold their bytes themselves, or name a file of the blob directory. */
function rowsAfter(db: Db, after: number): Promise<Row[]> {
  return db('folder_files')
    .select('id', 'sender', 'folder', 'name', 'size', 'sha256', 'file', db.raw('length(content) as inline'))
    .where('id', '>', after)
    .where({ state: 'complete' })
    .where((own) => own.whereNotNull('file').orWhereNotNull('content'))
    .orderBy('id')
    .limit(PAGE);
}

async function contentOf(db: Db, id: number | string): Promise<Buffer | undefined> {
  return (await db('folder_files').select('content').where({ id }).first())?.content;
}

/** False when it was taken, removed or sent anew since it was read. */
async function isStill(db: Db, { id, sha256, file }: Row): Promise<boolean> {
  return (await db('folder_files').select('id').where({ id, sha256, file }).first()) !== undefined;
}
