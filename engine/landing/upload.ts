import type { Clock } from '../core/clock.ts';
import { EngineError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { streamOf } from '../store/blobs.ts';
import type { FileDigests } from './file-digests.ts';
import { type FileKey, setModifiedAt, type UploadFacts } from './folder-rows.ts';
import type { Upload } from './folders.ts';
import { createGrowingContent } from './growing-content.ts';
import type { Allowance, LandingLimits } from './limits.ts';
import type { Space } from './space.ts';
import { type StoredContent, sizeOf } from './stored-content.ts';
import { createUnlessFull } from './unless-full.ts';
import { createUploadRow, type UploadRowDeps } from './upload-rows.ts';

export interface UploadDeps extends UploadRowDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: LandingLimits;
  readonly space: Space;
  readonly digests: FileDigests;
}

export interface UploadOptions {
  readonly key: FileKey;
  readonly channel: string;
  /**
   * What the upload goes on after. It is copied when the first change comes, for nobody may change bytes whose digest has
   * been taken, or that another session has open; its row stays until the upload ends.
   */
  readonly there?: StoredContent | undefined;
  /** Stored once under this, whichever upload comes first, and never left partial (upload-rows.ts). */
  readonly once?: string;
  readonly allowance: Allowance;
  /** Called when the row of the complete file is durable, before `close` resolves. */
  readonly onComplete: (stored: StoredUpload) => Promise<void>;
}

/** A file that has just become complete; its name may be another than it was opened under. */
export interface StoredUpload {
  readonly name: string;
  readonly size: number;
  readonly modifiedAt: Date;
}

const LOOK_EVERY = 16 * 2 ** 20; // bytes between two looks at the free space

/**
 * An upload to a file of the sender's; what it holds belongs to nobody else until it ends. When the disk or the
 * database is full it refuses with limit_exceeded, and nothing of it stays.
 */
export function createUpload(deps: UploadDeps, options: UploadOptions): Upload {
  const { key, channel, there, once, allowance, onComplete } = options;
  const { db, blobs, clock, limits, space, digests, log } = deps;
  const aside = there !== undefined || once !== undefined;
  const row = createUploadRow(deps, key, { aside, once });
  const onFile = (file: string) => row.begin(factsOf(0), file);
  const content = createGrowingContent({ blobs, limits, digests, onFile, hold: allowance.hold });
  const offset = there ? sizeOf(there.source) : 0;
  let modifiedAt: Date | undefined;
  let copying: Promise<void> | undefined; // of what was there
  let changed = false;
  let storing = false;
  let ended = false;
  let stored = false;
  let unlooked = 0;

  const unlessFull = createUnlessFull(async () => {
    if (stored) return;
    try {
      await content.close();
      await row.discard();
    } catch (err) {
      log.error({ err }, 'upload not taken back'); // the sender is to hear of the first failure
    }
  });

  function factsOf(size: number): UploadFacts {
    const storedAt = clock();
    return { channel, size, storedAt, modifiedAt: modifiedAt ?? storedAt };
  }

  function put(offset: number, bytes: Buffer): Promise<void> {
    unlooked += bytes.length;
    if (unlooked < LOOK_EVERY) return content.write(offset, bytes);
    unlooked = 0;
    return space.admit().then(() => content.write(offset, bytes));
  }

  async function copy({ source }: StoredContent): Promise<void> {
    if (source.kind === 'file') await space.admit(offset); // before the copy takes its place
    let at = 0;
    for await (const piece of streamOf(source, { start: 0, end: offset })) {
      await put(at, piece);
      at += piece.length;
    }
    if (at !== offset) throw new EngineError('access_denied', 'the file has changed since it was opened');
  }

  /** Makes the copy, once; when it fails, every change does. */
  function copied(): Promise<void> | undefined {
    if (there) copying ??= copy(there);
    return copying;
  }

  async function change(action: () => Promise<void>): Promise<void> {
    if (ended) throw new EngineError('operation_unsupported', 'the upload has ended');
    return unlessFull.run(there ? () => changeCopy(action) : action);
  }

  async function changeCopy(action: () => Promise<void>): Promise<void> {
    await copied();
    changed = true;
    await action();
  }

  async function complete(): Promise<void> {
    if (there?.complete && !changed) return completeAsItWas(there);
    await copied();
    const uploaded = await content.finish();
    const facts = { ...factsOf(uploaded.size), digest: uploaded.digest };
    storing = true;
    const name = await row.store(uploaded, facts);
    if (name === undefined) {
      throw new EngineError('access_denied', 'another upload under this name has taken the place of this one');
    }
    stored = true;
    await onComplete({ ...facts, name });
  }

  async function completeAsItWas(was: StoredContent): Promise<void> {
    if (copying) await copying; // throws when a change failed
    if (modifiedAt) await setModifiedAt(db, key, modifiedAt);
    await onComplete({ name: key.name, size: offset, modifiedAt: modifiedAt ?? was.modifiedAt });
  }

  async function keepPartial(): Promise<void> {
    if (once !== undefined || (there ? !changed : content.size === 0)) return;
    const uploaded = await content.finish();
    storing = true;
    await row.store(uploaded, factsOf(uploaded.size));
  }

  async function end(left: 'complete' | 'partial', action: () => Promise<void>): Promise<void> {
    if (ended) return;
    ended = true;
    try {
      await action();
    } finally {
      allowance.end(left);
      await content.close();
      if (aside && !storing) await row.discard(); // the file, which no row names
    }
  }

  return {
    offset,
    write: (at, bytes) => change(() => put(at, bytes)),
    truncate: (size) => change(() => content.truncate(size)),
    setModified(at: Date) {
      modifiedAt = at;
    },
    close: () => end('complete', () => unlessFull.run(complete)),
    abandon: () => end('partial', async () => (unlessFull.isFull() ? undefined : unlessFull.run(keepPartial))),
  };
}
