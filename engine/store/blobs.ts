import { hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { type Clock, systemClock } from '../core/clock.ts';
import { EngineError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { type BlobFiles, createBlobFiles } from './blob-files.ts';
import { addAllNeeded, addLoose, keepBlobs, TOUCH_AFTER_MS } from './blob-rows.ts';
import { type Pieces, readHead, writeAside, writeTogether } from './blob-writing.ts';
import type { Db } from './database.ts';
import { rowsOf } from './sql.ts';

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

/** Content that no row needs yet: small content in hand, large in the store, where it goes after a grace time. */
export interface PreparedContent {
  readonly ref: BlobRef;
  /** Content small enough for a row; absent when it is in the store. */
  readonly bytes?: Buffer;
  /** A file of the blob directory that no row names, and when it was begun. */
  readonly aside?: { readonly file: string; readonly at: Date };
}

/** Content by its hash: stored once, never changed. */
export interface BlobStore {
  /**
   * Stores content inside the caller's transaction, which also adds the row that names it; the same content twice is one
   * blob. Content that no row names is collected in time.
   */
  put(tx: Db, bytes: Buffer): Promise<BlobRef>;
  /** Takes in a stream of any size before there is a transaction: what is too large for a row goes to the blob directory (written aside, synced). */
  prepare(db: Db, content: Readable): Promise<PreparedContent>;
  /**
   * Takes in contents that are in hand, beside each other and without the database: large ones are written aside and
   * synced. They must be kept within half an hour; what is not is given to `discard`, or swept as a file without a row.
   */
  setAside(contents: readonly Buffer[]): Promise<PreparedContent[]>;
  /** Removes what was set aside and will not be kept. */
  discard(contents: readonly PreparedContent[]): Promise<void>;
  /**
   * Makes prepared content stay, inside the caller's transaction, which also adds the row that names it. Throws
   * blob_missing when so long has passed that it was collected: prepare it again.
   */
  keep(tx: Db, content: PreparedContent): Promise<BlobRef>;
  /** As `keep`, of several in one statement. */
  keepAll(tx: Db, contents: readonly PreparedContent[]): Promise<BlobRef[]>;
  /** Where the bytes are. Throws blob_missing, and content_quarantined for what a virus was found in. */
  open(db: Db, sha256: string): Promise<BlobSource>;
  /** The bytes, or a range of them, as a stream. Throws as `open`. */
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
  readonly clock?: Clock;
}

/** Where content lies, as its row says it; both absent means: in `blobs` under its SHA-256. */
export interface ContentPlace {
  readonly content: Buffer | null;
  readonly file: string | null;
  readonly size: number;
}

/** Content in rows up to `inlineBytes`, larger in files of `dir`: written under a generated name, synced, then named by a row. */
export function createBlobStore(options: BlobStoreOptions): BlobStore {
  const { dir, log, inlineBytes = 65_536, clock = systemClock } = options;
  const files = createBlobFiles(dir);

  async function put(tx: Db, bytes: Buffer): Promise<BlobRef> {
    if (bytes.length > inlineBytes) return keep(tx, await prepare(tx, Readable.from([bytes])));
    return keep(tx, inHand(bytes));
  }

  async function prepare(db: Db, content: Readable): Promise<PreparedContent> {
    try {
      return await takeIn(db, content[Symbol.asyncIterator]());
    } finally {
      content.destroy(); // a source that was not read to its end keeps its file open
    }
  }

  async function takeIn(db: Db, pieces: Pieces): Promise<PreparedContent> {
    const { head, ended } = await readHead(pieces, inlineBytes);
    if (ended) return inHand(head);
    const { file, ref } = await writeAside(files, head, pieces);
    const added = await addLoose(db, { ...ref, content: null, file }, clock());
    if (!added) await files.remove(file);
    else log.debug({ sha256: ref.sha256, bytes: ref.size }, 'blob stored');
    return { ref };
  }

  async function setAside(contents: readonly Buffer[]): Promise<PreparedContent[]> {
    const at = clock();
    const large = contents.filter(({ length }) => length > inlineBytes);
    const names = await writeTogether(files, large);
    const fileOf = new Map(large.map((bytes, index) => [bytes, names[index] ?? '']));
    return contents.map((bytes) => {
      const file = fileOf.get(bytes);
      return file === undefined ? inHand(bytes) : { ref: refOf(bytes), aside: { file, at } };
    });
  }

  async function discard(contents: readonly PreparedContent[]): Promise<void> {
    for (const { aside } of contents) if (aside) await files.remove(aside.file);
  }

  async function keep(tx: Db, content: PreparedContent): Promise<BlobRef> {
    await keepAll(tx, [content]);
    return content.ref;
  }

  async function keepAll(tx: Db, contents: readonly PreparedContent[]): Promise<BlobRef[]> {
    const now = clock();
    const prepared = contents.filter(({ bytes, aside }) => !bytes && !aside).map(({ ref }) => ref.sha256);
    if (!(await keepBlobs(tx, prepared, now))) throw blobMissing(prepared.join(' '));
    const late = contents.find(({ aside }) => aside && now.getTime() - aside.at.getTime() > TOUCH_AFTER_MS);
    if (late) throw blobMissing(late.ref.sha256); // the sweep may be about to remove the file
    const rows = contents.flatMap(({ ref, bytes = null, aside }) =>
      bytes || aside ? [{ ...ref, content: bytes, file: aside?.file ?? null }] : [],
    );
    const there = await addAllNeeded(tx, rows, now);
    for (const { file } of there) if (file !== null) await files.remove(file);
    return contents.map(({ ref }) => ref);
  }

  async function open(db: Db, sha256: string): Promise<BlobSource> {
    const [row] = await rowsOf<ContentPlace & { readonly virus: string | null }>(db, OPEN, [sha256]);
    if (!row) throw blobMissing(sha256);
    if (row.virus !== null) {
      throw new EngineError('content_quarantined', 'a virus was found in the content: it is given to nobody', {
        sha256,
      });
    }
    return sourceOf(files, { content: row.content, file: row.file, size: Number(row.size) });
  }

  async function read(db: Db, sha256: string, range?: ByteRange): Promise<Readable> {
    return streamOf(await open(db, sha256), range);
  }

  return { put, prepare, setAside, discard, keep, keepAll, open, read, files, inlineBytes };
}

const OPEN = `select content, file, size, (select signature from quarantine where sha256 = blobs.sha256) as virus
  from blobs where sha256 = ?`;

const refOf = (bytes: Buffer): BlobRef => ({ sha256: hash('sha256', bytes, 'hex'), size: bytes.length });

const inHand = (bytes: Buffer): PreparedContent => ({ ref: refOf(bytes), bytes });

function blobMissing(sha256: string): EngineError {
  return new EngineError('blob_missing', 'the content is not in the store', { sha256 });
}

/** Where the bytes of prepared content are. Throws blob_missing. */
export async function openPrepared(blobs: BlobStore, db: Db, content: PreparedContent): Promise<BlobSource> {
  const { ref, bytes, aside } = content;
  if (bytes) return { kind: 'bytes', bytes };
  return aside ? { kind: 'file', path: blobs.files.pathOf(aside.file), size: ref.size } : blobs.open(db, ref.sha256);
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
