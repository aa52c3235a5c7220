import type { Readable } from 'node:stream';
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
  /** Stores a stream of any size in the blob directory (written aside, synced, renamed), then its row in `db`. */
  putStream(db: Db, content: Readable): Promise<BlobRef>;
  /** Where the bytes are. Throws blob_missing. */
  open(db: Db, sha256: string): Promise<BlobSource>;
  /** The bytes, or a range of them, as a stream. Throws blob_missing. */
  read(db: Db, sha256: string, range?: ByteRange): Promise<Readable>;
}
