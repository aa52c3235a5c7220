import type { Clock } from '../core/clock.ts';
import { EngineError } from '../core/errors.ts';
import { streamOf } from '../store/blobs.ts';
import type { FileKey, UploadFacts } from './folder-rows.ts';
import type { Upload } from './folders.ts';
import { createGrowingContent } from './growing-content.ts';
import type { LandingLimits } from './limits.ts';
import type { StoredContent } from './stored-content.ts';
import { createUploadRow, type UploadRowDeps } from './upload-rows.ts';

export interface UploadDeps extends UploadRowDeps {
  readonly clock: Clock;
  readonly limits: LandingLimits;
}

export interface UploadOptions {
  readonly key: FileKey;
  readonly channel: string;
  /** Called when the row of the complete file is durable, before `close` resolves. */
  readonly onComplete: (stored: { readonly size: number; readonly modifiedAt: Date }) => Promise<void>;
}

/** An upload that begins empty; `size` is how far it reaches. */
export interface NewUpload extends Omit<Upload, 'offset'> {
  readonly size: number;
  /** Puts a copy of what is there at the beginning. */
  begin(there: StoredContent): Promise<void>;
}

/** An upload to a file of the sender's; what it holds belongs to nobody else until it ends. */
export function createUpload(deps: UploadDeps, { key, channel, onComplete }: UploadOptions): NewUpload {
  const { blobs, clock, limits } = deps;
  const row = createUploadRow(deps, key);
  const content = createGrowingContent({ blobs, limits, onFile: (file) => row.begin(factsOf(0), file) });
  let modifiedAt: Date | undefined;
  let untouched: StoredContent | undefined; // what it began with, while nothing was added
  let ended = false;

  function factsOf(size: number): UploadFacts {
    const storedAt = clock();
    return { channel, size, storedAt, modifiedAt: modifiedAt ?? storedAt };
  }

  async function begin(there: StoredContent): Promise<void> {
    let at = 0;
    for await (const piece of streamOf(there.source)) {
      await content.write(at, piece);
      at += piece.length;
    }
    untouched = there;
  }

  function touch(): void {
    if (ended) throw new EngineError('operation_unsupported', 'the upload has ended');
    untouched = undefined;
  }

  async function complete(): Promise<void> {
    const uploaded = await content.finish();
    const facts = { ...factsOf(uploaded.size), digest: uploaded.digest };
    if (!(await row.store(uploaded, facts))) {
      throw new EngineError('access_denied', 'another upload under this name has taken the place of this one');
    }
    await onComplete(facts);
  }

  async function keepPartial(): Promise<void> {
    if (content.size === 0 || (untouched && !content.inFile())) return;
    const uploaded = await content.finish();
    const { digest } = uploaded;
    const facts = factsOf(uploaded.size);
    // only opened and left: it is what it was before
    if (untouched?.complete) await row.store(uploaded, { ...facts, modifiedAt: untouched.modifiedAt, digest });
    else await row.store(uploaded, facts);
  }

  async function end(action: () => Promise<void>): Promise<void> {
    if (ended) return;
    ended = true;
    try {
      await action();
    } finally {
      await content.close();
    }
  }

  return {
    get size() {
      return content.size;
    },
    begin,
    async write(offset, bytes) {
      touch();
      return content.write(offset, bytes);
    },
    async truncate(size) {
      touch();
      return content.truncate(size);
    },
    setModified(at: Date) {
      modifiedAt = at;
    },
    close: () => end(complete),
    abandon: () => end(keepPartial),
  };
}
