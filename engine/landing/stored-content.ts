import { type BlobSource, type BlobStore, sourceOf } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { type FileKey, type FolderFile, placeOf } from './folder-rows.ts';
import type { FileEntry } from './folders.ts';

/** The bytes of a file in a folder, and what its row says of them. */
export interface StoredContent {
  readonly source: BlobSource;
  readonly complete: boolean;
  readonly modifiedAt: Date;
}

/**
 * Where the bytes of a file are, partial or complete; undefined when there is no such file. An unfinished upload whose bytes a
 * crash took away is none: it begins anew.
 */
export async function contentOf(db: Db, blobs: BlobStore, key: FileKey): Promise<StoredContent | undefined> {
  const place = await placeOf(db, key);
  if (!place) return undefined;
  const { content, file, sha256, modifiedAt } = place;
  const about = { complete: sha256 !== null, modifiedAt };
  if (!content && !file && sha256 !== null) return { ...about, source: await blobs.open(db, sha256) };
  const size = file ? await blobs.files.sizeOf(file) : place.size;
  if (size === undefined && !about.complete) return undefined;
  return { ...about, source: sourceOf(blobs.files, { content, file, size: size ?? place.size }) };
}

/** How many bytes a source has. */
export function sizeOf(source: BlobSource): number {
  return source.kind === 'bytes' ? source.bytes.length : source.size;
}

/** How a file is listed. */
export async function entryOf(blobs: BlobStore, row: FolderFile): Promise<FileEntry> {
  const { name, size, modifiedAt, complete, file } = row;
  return { name, size: complete || !file ? size : await sizeNow(blobs, file, size), modifiedAt, complete };
}

/** The row of an unfinished upload is written when it begins; the file knows how far it came. */
async function sizeNow(blobs: BlobStore, file: string, known: number): Promise<number> {
  return (await blobs.files.sizeOf(file)) ?? known;
}
