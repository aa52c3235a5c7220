import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { beginLarge, type FileKey, type StoreSmall, type UploadFacts, updateLarge } from './folder-rows.ts';
import type { UploadedContent } from './upload-content.ts';

/** The row of one upload, and the files that it leaves behind. */
export interface UploadRow {
  /** Names a new file in the row before anything is in it: a crash then leaves a partial file, not one that nobody knows. */
  begin(facts: UploadFacts, file: string): Promise<void>;
  /** Stores what has come; false when another upload has taken the place of this one. Its own file is removed then. */
  store(content: UploadedContent, facts: UploadFacts): Promise<boolean>;
}

export interface UploadRowDeps {
  readonly db: Db;
  readonly storeSmall: StoreSmall;
  readonly blobs: BlobStore;
}

/** The row of the upload of `key`. */
export function createUploadRow({ db, storeSmall, blobs }: UploadRowDeps, key: FileKey): UploadRow {
  async function forget(file: string | undefined): Promise<void> {
    if (file !== undefined) await blobs.files.remove(file);
  }

  return {
    async begin(facts, file) {
      await forget(await beginLarge(db, key, facts, file));
    },
    async store({ file, content = Buffer.alloc(0) }, facts) {
      if (file === undefined) {
        await forget(await storeSmall(key, facts, content));
        return true;
      }
      const kept = await updateLarge(db, key, facts, file);
      if (!kept) await forget(file);
      return kept;
    },
  };
}
