import type { BlobFiles, NewFile } from '../store/blob-files.ts';
import { createFileWriter } from '../store/file-writer.ts';
import { type ContentDigest, digestOf } from './content-digest.ts';
import type { FileDigest } from './file-digests.ts';

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

/** Content in a new file of the blob directory, hashed behind the writer; holds a few MiB in memory at most. */
export function createFileContent(files: BlobFiles, file: NewFile, follow: (fd: number) => FileDigest): UploadContent {
  const { handle, name } = file;
  const digest = follow(handle.fd);
  let size = 0;
  let reached = 0; // without a gap, and never changed since
  let inOrder = true;
  let ending: Promise<ContentDigest> | undefined;
  let open = true;
  const writer = createFileWriter(handle, {
    bufferBytes: BUFFER_BYTES,
    syncEvery: SYNC_EVERY,
    onWritten(offset, length) {
      if (!inOrder || offset > reached) return; // the end reads what was left out
      if (offset < reached) return change();
      reached += length;
      digest.reach(reached);
    },
  });

  function change(): void {
    inOrder = false;
    digest.changed();
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
      if (inOrder && to < reached) change();
      size = to;
    },
    async finish() {
      await writer.flush();
      ending = digest.end(size);
      const [known] = await Promise.all([ending, handle.sync(), files.syncEntry(name)]);
      return { size, file: name, digest: known };
    },
    async close() {
      if (!open) return;
      open = false;
      await writer.flush().catch(() => undefined);
      await (ending ?? digest.drop()).catch(() => undefined); // the thread reads the file until then
      await handle.close();
    },
  };
}
