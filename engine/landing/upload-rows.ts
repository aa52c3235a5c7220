import { EngineError } from '../core/errors.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { claimOnce, forgetClaims } from '../store/once.ts';
import { inTransaction } from '../store/transaction.ts';
import {
  beginLarge,
  type FileKey,
  removeLarge,
  type StoreSmall,
  storeInPlace,
  type UploadFacts,
  updateLarge,
} from './folder-rows.ts';
import { takeBack } from './take-back.ts';
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

/** How the row of an upload comes about. */
export interface UploadRowOptions {
  /** The row stays what it was until something is stored. */
  readonly aside: boolean;
  /** What is stored under this is stored once, by whichever upload comes first; such an upload is `aside`. */
  readonly once?: string | undefined;
}

/** Who claims the uploads that are stored once. */
export const TAKEN_IN = 'taken in';

/** The row of the upload of `key`. */
export function createUploadRow(deps: UploadRowDeps, key: FileKey, { aside, once }: UploadRowOptions): UploadRow {
  const { db, storeSmall, blobs } = deps;
  let begun: string | undefined;

  async function forget(file: string | undefined): Promise<void> {
    if (file !== undefined) await blobs.files.remove(file);
  }

  // no row named the file so far: one that lay still for very long may have been swept away, or be about to
  async function requireThere(file: string): Promise<void> {
    if (await blobs.files.touch(file)) return;
    throw new EngineError('store_unavailable', 'the uploaded file is not on the disk any more');
  }

  async function storeOnce(id: string, { content, file }: UploadedContent, facts: UploadFacts): Promise<string> {
    if (file !== undefined) await requireThere(file);
    const place = { content: file === undefined ? (content ?? Buffer.alloc(0)) : null, file: file ?? null };
    const stored = await inTransaction(db, async (tx) => {
      if (!(await claimOnce(tx, TAKEN_IN, id, facts.storedAt))) return { left: file };
      return { left: await storeInPlace(tx, key, facts, place) };
    });
    await forget(stored.left);
    return key.name;
  }

  /** Before what is only begun stands where a whole file was. */
  const releaseNoMore = (at: Date) => inTransaction(db, (tx) => takeBack(tx, key, at));

  async function replace(facts: UploadFacts, file: string): Promise<string> {
    await requireThere(file);
    await forget(await beginLarge(db, key, facts, file));
    return key.name;
  }

  return {
    async begin(facts, file) {
      if (!aside) await releaseNoMore(facts.storedAt);
      const before = aside ? undefined : await beginLarge(db, key, facts, file);
      begun = file;
      await forget(before);
    },
    async store(uploaded, facts) {
      if (once !== undefined) return storeOnce(once, uploaded, facts);
      if (facts.digest === undefined) await releaseNoMore(facts.storedAt);
      const { file, content = Buffer.alloc(0) } = uploaded;
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

/** Forgets what was stored once before an instant: only when nobody can come with it again. */
export function forgetTakenIn(db: Db, before: Date): Promise<void> {
  return forgetClaims(db, TAKEN_IN, before);
}
