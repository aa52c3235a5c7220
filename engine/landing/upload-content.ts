import { EngineError } from '../core/errors.ts';
import type { BlobFiles, NewFile } from '../store/blob-files.ts';
import { createFileWriter, type FileWriter } from '../store/file-writer.ts';
import { type ContentDigest, createDigestStream, type DigestStream, digestOf } from './content-digest.ts';

/** Where the bytes of an upload are when it ends. */
export interface UploadedContent {
  readonly size: number;
  readonly content?: Buffer;
  readonly file?: string;
  readonly digest: ContentDigest;
}

/** The bytes of an upload while they come: in any order, hashed on the way when they come in order. */
export interface UploadContent {
  readonly size: number;
  write(offset: number, bytes: Buffer): Promise<void>;
  truncate(size: number): Promise<void>;
  /** Syncs what there is and says where it is and what its digests are. */
  finish(): Promise<UploadedContent>;
  /** Frees what is held; `keep` leaves the file on disk. */
  close(): Promise<void>;
}

/** Content that stays in memory: for files that end in a row. Grows to what it holds, with zeros in a gap. */
export function createMemoryContent(): UploadContent & { bytes(): Buffer } {
  let buffer = Buffer.alloc(0);
  let size = 0;

  function reserve(end: number): void {
    if (end <= buffer.length) return;
    const larger = Buffer.alloc(size === 0 ? end : Math.max(end, buffer.length * 2));
    buffer.copy(larger, 0, 0, size);
    buffer = larger;
  }

  const bytes = () => buffer.subarray(0, size);

  return {
    get size() {
      return size;
    },
    bytes,
    async write(offset, piece) {
      reserve(offset + piece.length);
      piece.copy(buffer, offset);
      size = Math.max(size, offset + piece.length);
    },
    async truncate(to) {
      reserve(to);
      if (to < size) buffer.fill(0, to, size);
      size = to;
    },
    async finish() {
      return { size, content: bytes(), digest: digestOf(bytes()) };
    },
    async close() {
      buffer = Buffer.alloc(0);
    },
  };
}

const BUFFER_BYTES = 2 * 2 ** 20;
const SYNC_EVERY = 64 * 2 ** 20;
const READ_BYTES = 2 ** 20;

/** Content in a new file of the blob directory; holds a few MiB in memory at most. */
export function createFileContent(files: BlobFiles, file: NewFile, textLimit: number): UploadContent {
  const { handle, name } = file;
  let size = 0;
  let hashed = 0;
  let stream: DigestStream | undefined = createDigestStream(textLimit);
  let open = true;
  const writer: FileWriter = createFileWriter(handle, {
    bufferBytes: BUFFER_BYTES,
    syncEvery: SYNC_EVERY,
    onWritten(offset, bytes) {
      if (offset !== hashed) stream = undefined;
      hashed += bytes.length;
      stream?.update(bytes);
    },
  });

  async function digest(): Promise<ContentDigest> {
    if (stream && hashed === size) return stream.end();
    return digestByReading();
  }

  // parts came out of order or twice: what counts is what the file holds now
  async function digestByReading(): Promise<ContentDigest> {
    const again = createDigestStream(textLimit);
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await handle.read(buffer, 0, READ_BYTES, at);
      if (bytesRead === 0) throw new EngineError('store_unavailable', 'the uploaded file became shorter on disk');
      again.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
    return again.end();
  }

  return {
    get size() {
      return size;
    },
    write(offset, bytes) {
      size = Math.max(size, offset + bytes.length);
      return writer.write(offset, bytes);
    },
    async truncate(to) {
      await writer.flush();
      await handle.truncate(to);
      if (to !== hashed) stream = undefined;
      size = to;
    },
    async finish() {
      await writer.flush();
      await Promise.all([handle.sync(), files.syncEntry(name)]);
      return { size, file: name, digest: await digest() };
    },
    async close() {
      if (!open) return;
      open = false;
      await writer.flush().catch(() => undefined);
      await handle.close();
    },
  };
}
