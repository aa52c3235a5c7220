import { EngineError } from '../core/errors.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { FileDigests } from './file-digests.ts';
import type { LandingLimits } from './limits.ts';
import { createFileContent, createMemoryContent, type UploadContent } from './upload-content.ts';

/** Content that is held in memory until it is too large for a row, then in a new file of the blob directory. */
export interface GrowingContent extends UploadContent {
  inFile(): boolean;
}

export interface GrowingContentOptions {
  readonly blobs: BlobStore;
  readonly limits: LandingLimits;
  readonly digests: FileDigests;
  /** Called with the name of the new file before anything is in it. */
  readonly onFile: (file: string) => Promise<void>;
  /** Called with the size before the content takes it; waited for when it gives a promise. */
  readonly hold: (size: number) => Promise<void> | undefined;
}

const MAX_GAP = 16 * 2 ** 20; // zeros that nobody sent: they would have to be hashed all the same

/**
 * Starts empty; refuses with limit_exceeded what is larger than a file may be, and what would leave more than 16 MiB
 * of zeros after the present end.
 */
export function createGrowingContent({ blobs, limits, digests, onFile, hold }: GrowingContentOptions): GrowingContent {
  let content: UploadContent = createMemoryContent();
  let moving: Promise<void> | undefined;

  async function moveToFile(): Promise<void> {
    const { content: bytes } = await content.finish();
    const file = await blobs.files.create();
    try {
      await onFile(file.name);
    } catch (error) {
      await file.handle.close();
      await blobs.files.remove(file.name);
      throw error;
    }
    content = createFileContent(blobs.files, file, (fd) => digests.follow(fd, limits.textDigestBytes));
    if (bytes && bytes.length > 0) await content.write(0, bytes);
  }

  async function placeFor(from: number, size: number): Promise<void> {
    if (size > limits.fileBytes) {
      throw new EngineError('limit_exceeded', `a file may have ${limits.fileBytes} bytes at most`);
    }
    if (from > content.size + MAX_GAP) {
      throw new EngineError('limit_exceeded', 'a file may be continued at most 16 MiB after its present end');
    }
    const room = hold(size);
    if (room) await room;
    if (size > blobs.inlineBytes) moving ??= moveToFile();
    if (moving) await moving;
  }

  return {
    get size() {
      return content.size;
    },
    inFile: () => moving !== undefined,
    async write(offset, bytes) {
      await placeFor(offset, Math.max(content.size, offset + bytes.length));
      return content.write(offset, bytes);
    },
    async truncate(size) {
      await placeFor(size, size);
      return content.truncate(size);
    },
    async finish() {
      await moving;
      return content.finish();
    },
    close: () => content.close(),
  };
}
