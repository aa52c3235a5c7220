import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { BlobFiles } from './blob-files.ts';
import { hashRanges, missingIn, namedLooseIn, namersOf, unnamedIn } from './content-references.ts';
import type { Db } from './database.ts';

/** What is wrong with content that a row names. */
export interface ContentFault {
  readonly kind: 'missing' | 'damaged';
  /** A SHA-256, or the sender, folder and name of a file that waits. */
  readonly subject: string;
  /** Size or hash that differs, or who names it. */
  readonly detail: string;
}

export interface CheckDeps {
  readonly db: Db;
  readonly files: BlobFiles;
  /** Reads all bytes and compares their SHA-256. */
  readonly deep: boolean;
  readonly signal?: AbortSignal;
}

/** Where the bytes of a row are, and what they should be. */
export interface Expected {
  readonly size: number;
  /** Null while it is not known. */
  readonly sha256: string | null;
  readonly file: string | null;
  /** Bytes in the row; null when there are none. */
  readonly inline: number | null;
}

const PAGE = 500;

/** Content that rows name and that is not in the store, or might be collected; two statements for each 100,000 blobs. */
export async function* missingBlobs({ db, signal }: Pick<CheckDeps, 'db' | 'signal'>): AsyncGenerator<ContentFault> {
  for (const range of await hashRanges(db)) {
    for (const sha256 of await missingIn(db, range)) {
      if (signal?.aborted) return;
      const namers = (await namersOf(db, sha256)).map(({ table, about }) => `${table} ${about}`);
      if (namers.length > 0) yield { kind: 'missing', subject: sha256, detail: `named by ${namers.join(', ')}` };
    }
    for (const subject of await namedLooseIn(db, range)) {
      yield { kind: 'damaged', subject, detail: 'a row names it, yet it might be collected: a sweep puts this right' };
    }
  }
}

/** Blobs whose bytes are not there or not what they should be; reads rows by pages, and bytes only when `deep`. */
export async function* damagedBlobs(deps: CheckDeps): AsyncGenerator<ContentFault> {
  const { db, signal } = deps;
  for (let after = ''; !signal?.aborted; ) {
    const rows = await blobRows(db).where('sha256', '>', after).orderBy('sha256').limit(PAGE);
    const last = rows.at(-1);
    if (!last) return;
    for (const row of rows) {
      const fault = await faultOf(deps, expectedOf(row), () => inlineOf(db, row.sha256));
      // the collector may have taken it meanwhile
      if (fault && (await db('blobs').select('sha256').where({ sha256: row.sha256 }).first())) {
        yield { ...fault, subject: row.sha256 };
      }
    }
    after = last.sha256;
  }
}

function blobRows(db: Db) {
  return db('blobs').select('sha256', 'size', 'file', db.raw('length(content) as inline'));
}

async function inlineOf(db: Db, sha256: string): Promise<Buffer | undefined> {
  return (await db('blobs').select('content').where({ sha256 }).first())?.content;
}

/** A row with its columns `size`, `sha256`, `file`, and `inline`: the length of its content. */
export function expectedOf(row: {
  readonly size: unknown;
  readonly sha256: string | null;
  readonly file: string | null;
  readonly inline: unknown;
}): Expected {
  const inline = row.inline === null ? null : Number(row.inline);
  return { size: Number(row.size), sha256: row.sha256, file: row.file, inline };
}

/** What is wrong with the bytes of one row; `bytes` fetches those in the row. */
export async function faultOf(
  { files, deep }: Pick<CheckDeps, 'files' | 'deep'>,
  { size, sha256, file, inline }: Expected,
  bytes: () => Promise<Buffer | undefined>,
): Promise<Omit<ContentFault, 'subject'> | undefined> {
  const there = file === null ? inline : await files.sizeOf(file);
  if (there === undefined || there === null) {
    return { kind: 'missing', detail: file === null ? 'the row has no bytes' : `there is no file ${file}` };
  }
  if (there !== size) return { kind: 'damaged', detail: `${there} bytes instead of ${size}` };
  if (!deep || sha256 === null) return undefined;
  const content = file === null ? await bytes() : createReadStream(files.pathOf(file), { highWaterMark: 1 << 20 });
  const hash = await hashOf(content ?? Buffer.alloc(0));
  return hash === sha256 ? undefined : { kind: 'damaged', detail: `its SHA-256 is ${hash}` };
}

async function hashOf(content: Buffer | AsyncIterable<Buffer>): Promise<string> {
  const sum = createHash('sha256');
  if (Buffer.isBuffer(content)) sum.update(content);
  else for await (const piece of content) sum.update(piece);
  return sum.digest('hex');
}

/** Content that no row names. */
export interface LeftOverBlob {
  readonly sha256: string;
  readonly size: number;
  /** When it was stored, or last prepared or needed. */
  readonly since: Date;
}

/** Content that no row names, loose or not, one statement for each 100,000 blobs. */
export async function* leftOverBlobs({ db, signal }: Pick<CheckDeps, 'db' | 'signal'>): AsyncGenerator<LeftOverBlob> {
  for (const range of await hashRanges(db)) {
    const hashes = await unnamedIn(db, range);
    for (let at = 0; at < hashes.length && !signal?.aborted; at += PAGE) {
      const page = hashes.slice(at, at + PAGE);
      for (const row of await db('blobs')
        .select('sha256', 'size', 'loose_since', 'stored_at')
        .whereIn('sha256', page)) {
        yield { sha256: row.sha256, size: Number(row.size), since: new Date(row.loose_since ?? row.stored_at) };
      }
    }
  }
}
