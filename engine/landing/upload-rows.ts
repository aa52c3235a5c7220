import { EngineError } from '../core/errors.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import {
  beginLarge,
  type FileKey,
  removeLarge,
  type StoreSmall,
  type UploadFacts,
  updateLarge,
} from './folder-rows.ts';
import type { UploadedContent } from './upload-content.ts';

/** The row of one upload, and the files that it leaves behind. */
export interface UploadRow {
  /** Names a new file in the row before anything is in it: a crash then leaves a partial file, not one that nobody knows. */
  begin(facts: UploadFacts, file: string): Promise<void>;
  /**
   * Stores what has come, and gives the name it is stored under. Undefined when another upload has taken the place of
   * this one; its own file is removed then.
   */
  store(content: UploadedContent, facts: UploadFacts): Promise<string | undefined>;
  /** Takes back what `begin` did: neither the file nor its row stays. */
  discard(): Promise<void>;
}

export interface UploadRowDeps {
  readonly db: Db;
  readonly storeSmall: StoreSmall;
  readonly blobs: BlobStore;
}

/** The row of the upload of `key`; with `aside` the row stays what it was until something is stored. */
export function createUploadRow({ db, storeSmall, blobs }: UploadRowDeps, key: FileKey, aside: boolean): UploadRow {
  let begun: string | undefined;

  async function forget(file: string | undefined): Promise<void> {
    if (file !== undefined) await blobs.files.remove(file);
  }

  async function replace(facts: UploadFacts, file: string): Promise<string> {
    // no row named the file so far: one that lay still for very long may have been swept away, or be about to
    if (!(await blobs.files.touch(file))) {
      throw new EngineError('store_unavailable', 'the uploaded file is not on the disk any more');
    }
    await forget(await beginLarge(db, key, facts, file));
    return key.name;
  }

  return {
    async begin(facts, file) {
      const before = aside ? undefined : await beginLarge(db, key, facts, file);
      begun = file;
      await forget(before);
    },
    async store({ file, content = Buffer.alloc(0) }, facts) {
      if (file === undefined) {
        await forget(await storeSmall(key, facts, content));
        return key.name;
      }
      if (aside) return replace(facts, file);
      const name = await updateLarge(db, key, facts, file);
      if (name === undefined) await forget(file);
      return name;
    },
    async discard() {
      if (begun === undefined) return;
      await forget(begun); // first: on a full disk even deleting a row needs room
      if (!aside) await removeLarge(db, key, begun);
    },
  };
}
