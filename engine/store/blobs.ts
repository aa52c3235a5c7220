import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { EngineError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { type BlobFiles, createBlobFiles, type NewFile } from './blob-files.ts';
import type { Db } from './database.ts';

/** Content in the store, named by its own SHA-256 (lower-case hex); `size` in bytes. */
export interface BlobRef {
  readonly sha256: string;
  readonly size: number;
}

export interface ByteRange {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** Where the bytes of a blob are: in hand when they are small, else a file that is never changed. */
export type BlobSource =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'file'; readonly path: string; readonly size: number };

/** Content by its hash: stored once, never changed. */
export interface BlobStore {
  /** Stores small content inside the caller's transaction; the same content twice is one blob. */
  put(tx: Db, bytes: Buffer): Promise<BlobRef>;
  /** Stores a stream of any size in the blob directory (written aside, synced), then its row in `db`. */
  putStream(db: Db, content: Readable): Promise<BlobRef>;
  /** Where the bytes are. Throws blob_missing. */
  open(db: Db, sha256: string): Promise<BlobSource>;
  /** The bytes, or a range of them, as a stream. Throws blob_missing. */
  read(db: Db, sha256: string, range?: ByteRange): Promise<Readable>;
  /** The directory for content too large for a row. */
  readonly files: BlobFiles;
  /** Content of at most this many bytes lies in a row. */
  readonly inlineBytes: number;
}

export interface BlobStoreOptions {
  readonly dir: string;
  readonly log: Logger;
  readonly inlineBytes?: number;
}

/** Where content lies, as its row says it; both absent means: in `blobs` under its SHA-256. */
export interface ContentPlace {
  readonly content: Buffer | null;
  readonly file: string | null;
  readonly size: number;
}

/** Content in rows up to `inlineBytes`, larger in files of `dir`: written under a generated name, synced, then named by a row. */
export function createBlobStore({ dir, log, inlineBytes = 65_536 }: BlobStoreOptions): BlobStore {
  const files = createBlobFiles(dir);

  async function addRow(db: Db, ref: BlobRef, place: { content?: Buffer; file?: string }): Promise<boolean> {
    const row = {
      ...ref,
      content: place.content ?? null,
      file: place.file ?? null,
      stored_at: new Date().toISOString(),
    };
    const added = await db('blobs').insert(row).onConflict('sha256').ignore().returning('sha256');
    return added.length === 1;
  }

  async function put(tx: Db, bytes: Buffer): Promise<BlobRef> {
    if (bytes.length > inlineBytes) return putStream(tx, Readable.from([bytes]));
    const ref = { sha256: hash('sha256', bytes, 'hex'), size: bytes.length };
    await addRow(tx, ref, { content: bytes });
    return ref;
  }

  async function putStream(db: Db, content: Readable): Promise<BlobRef> {
    const pieces: Pieces = content[Symbol.asyncIterator]();
    const { head, ended } = await readHead(pieces, inlineBytes);
    if (ended) return put(db, head);
    const { file, ref } = await writeAside(files, head, pieces);
    const added = await addRow(db, ref, { file });
    if (!added) await files.remove(file);
    else log.debug({ sha256: ref.sha256, bytes: ref.size }, 'blob stored');
    return ref;
  }

  async function open(db: Db, sha256: string): Promise<BlobSource> {
    const row = await db('blobs').select('content', 'file', 'size').where({ sha256 }).first();
    if (!row) throw new EngineError('blob_missing', 'the content is not in the store', { sha256 });
    return sourceOf(files, { content: row.content, file: row.file, size: Number(row.size) });
  }

  async function read(db: Db, sha256: string, range?: ByteRange): Promise<Readable> {
    return streamOf(await open(db, sha256), range);
  }

  return { put, putStream, open, read, files, inlineBytes };
}

/** Where the bytes are that a row with content or a file name speaks of. Throws blob_missing when it has neither. */
export function sourceOf(files: BlobFiles, { content, file, size }: ContentPlace): BlobSource {
  if (content) return { kind: 'bytes', bytes: content };
  if (file) return { kind: 'file', path: files.pathOf(file), size };
  throw new EngineError('blob_missing', 'the row of the content is empty');
}

/** The bytes of a source, or a range of them, as a stream. */
export function streamOf(source: BlobSource, range?: ByteRange): Readable {
  const { start, end } = range ?? { start: 0, end: Number.POSITIVE_INFINITY };
  if (source.kind === 'bytes') {
    const bytes = source.bytes.subarray(start, Math.min(end, source.bytes.length));
    return Readable.from(bytes.length > 0 ? [bytes] : [], { objectMode: false });
  }
  if (end <= start) return Readable.from([], { objectMode: false });
  return createReadStream(source.path, { start, end: end - 1, highWaterMark: 1 << 20 });
}

type Pieces = AsyncIterator<Uint8Array>;

async function readHead(pieces: Pieces, limit: number): Promise<{ head: Buffer; ended: boolean }> {
  const head: Uint8Array[] = [];
  let size = 0;
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    head.push(next.value);
    size += next.value.length;
    if (size > limit) return { head: Buffer.concat(head), ended: false };
  }
  return { head: Buffer.concat(head), ended: true };
}

async function writeAside(files: BlobFiles, head: Buffer, rest: Pieces): Promise<{ file: string; ref: BlobRef }> {
  const aside = await files.create();
  try {
    const ref = await writeAll(aside, head, rest);
    await files.syncEntry(aside.name);
    return { file: aside.name, ref };
  } catch (error) {
    await files.remove(aside.name);
    throw error;
  }
}

async function writeAll({ handle }: NewFile, head: Buffer, rest: Pieces): Promise<BlobRef> {
  const sum = createHash('sha256');
  let size = 0;
  const add = async (bytes: Uint8Array) => {
    sum.update(bytes);
    for (let done = 0; done < bytes.length; ) {
      done += (await handle.write(bytes, done, bytes.length - done, size + done)).bytesWritten;
    }
    size += bytes.length;
  };
  try {
    await add(head);
    for (let next = await rest.next(); !next.done; next = await rest.next()) await add(next.value);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { sha256: sum.digest('hex'), size };
}
