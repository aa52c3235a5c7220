import type { Readable } from 'node:stream';
import { type Entry, fromBuffer, open, type ZipFile } from 'yauzl';
import type { BlobSource, BlobStore, PreparedContent } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import type { Finding } from './xml/inspection.ts';

// the signatures that an archive with and one without entries begin with
const FIRST_ENTRY = 0x04034b50;
const NO_ENTRY = 0x06054b50;

/** How far a file may grow when it is unpacked; more is a bomb, not a declaration. */
const MAX_RATIO = 200;

export type Unzipped =
  | { readonly kind: 'content'; readonly prepared: PreparedContent }
  | { readonly kind: 'fault'; readonly finding: Finding };

/** True when the content begins like a ZIP archive. */
export function looksZipped(start: Buffer): boolean {
  return start.length >= 4 && [FIRST_ENTRY, NO_ENTRY].includes(start.readUInt32LE(0));
}

/**
 * Unpacks the one file of a ZIP. What is wrong with the archive is a finding:
 * 280 not a valid ZIP, 281 no or several files, 229 compressed in a way that is not accepted, 184 larger than `maxBytes`.
 */
export async function unzip(source: BlobSource, maxBytes: number, db: Db, blobs: BlobStore): Promise<Unzipped> {
  try {
    const archive = await openArchive(source);
    try {
      return await unpackOnly(archive, source, maxBytes, db, blobs);
    } finally {
      archive.close();
    }
  } catch (error) {
    if (!isArchiveError(error)) throw error;
    return fault('280', 'the ZIP is not valid');
  }
}

async function unpackOnly(
  archive: ZipFile,
  source: BlobSource,
  maxBytes: number,
  db: Db,
  blobs: BlobStore,
): Promise<Unzipped> {
  if (archive.entryCount !== 1) return fault('281', `the ZIP holds ${archive.entryCount} files, not one`);
  const entry = await onlyEntry(archive);
  if (entry.fileName.endsWith('/')) return fault('281', 'the ZIP holds a folder, not a file');
  if (entry.isEncrypted() || ![0, 8].includes(entry.compressionMethod)) {
    return fault('229', 'the file in the ZIP is encrypted or compressed by another method than deflate');
  }
  const packed = source.kind === 'bytes' ? source.bytes.length : source.size;
  if (entry.uncompressedSize > maxBytes) return fault('184', `the file in the ZIP is larger than ${maxBytes} bytes`);
  if (entry.uncompressedSize > packed * MAX_RATIO) return fault('229', `the file grows more than ${MAX_RATIO} times`);
  // yauzl fails the stream when it holds more or less than the header says, so a lying header cannot pass the limit
  return { kind: 'content', prepared: await blobs.prepare(db, await contentOf(archive, entry)) };
}

function fault(code: string, detail: string): Unzipped {
  return { kind: 'fault', finding: { code, detail } };
}

/** Errors that yauzl and zlib raise about the archive; anything else is ours. */
function isArchiveError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  return syscall === undefined && (code === undefined || code.startsWith('Z_')) && error.name !== 'EngineError';
}

const OPTIONS = { lazyEntries: true, autoClose: false, validateEntrySizes: true } as const;

function openArchive(source: BlobSource): Promise<ZipFile> {
  return new Promise((resolve, fail) => {
    const opened = (error: Error | null, archive: ZipFile) => (error ? fail(error) : resolve(archive));
    if (source.kind === 'bytes') fromBuffer(source.bytes, OPTIONS, opened);
    else open(source.path, OPTIONS, opened);
  });
}

function onlyEntry(archive: ZipFile): Promise<Entry> {
  return new Promise((resolve, fail) => {
    archive.once('error', fail);
    archive.once('end', () => fail(new Error('the ZIP has no entry')));
    archive.once('entry', resolve);
    archive.readEntry();
  });
}

function contentOf(archive: ZipFile, entry: Entry): Promise<Readable> {
  return new Promise((resolve, fail) => {
    archive.openReadStream(entry, (error, stream) => (error ? fail(error) : resolve(stream)));
  });
}
