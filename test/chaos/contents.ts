import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Db } from '../../engine/store/database.ts';

/** What the run itself finds in the store and in the blob directory, without the engine's own checks. */
export interface Contents {
  /** Content that a row refers to and that is nowhere, or is not what its name says; a sentence each. */
  readonly problems: readonly string[];
  /** Blobs that no row refers to. */
  readonly unreferenced: readonly string[];
  /** Files of the blob directory that no row names. */
  readonly unnamed: readonly string[];
  readonly blobs: number;
  readonly files: number;
}

/** Reads every blob and every file, and every row that refers to one. */
export async function readContents(db: Db, blobDir: string): Promise<Contents> {
  const blobs: BlobRow[] = await db('blobs').select('sha256', 'file', 'content', 'size');
  const folderFiles: BlobRow[] = await db('folder_files').select('sha256', 'file', 'content', 'size');
  const known = new Set(blobs.map(({ sha256 }) => String(sha256)));
  const references = await referencesOf(db);
  const missing = [...references].filter(([sha256]) => !known.has(sha256));
  const files = await filesBelow(blobDir);
  const named = new Set([...blobs, ...folderFiles].map(({ file }) => file));
  const wrong = await Promise.all([...blobs, ...folderFiles].map((row) => faultOf(row, blobDir)));
  return {
    problems: [
      ...missing.map(([sha256, where]) => `${where} refers to content that is missing: ${sha256}`),
      ...wrong.filter((fault) => fault !== undefined),
    ],
    unreferenced: [...known].filter((sha256) => !references.has(sha256)),
    unnamed: files.filter((file) => !named.has(file)),
    blobs: blobs.length,
    files: files.length,
  };
}

interface BlobRow {
  /** null: an upload that was broken off, and may be resumed. */
  readonly sha256: string | null;
  readonly file: string | null;
  readonly content: Buffer | null;
  readonly size: number | string;
}

const REFERENCES = [
  ['submission_files', 'sha256'],
  ['deliveries', 'sha256'],
  ['deliveries', 'signature_sha256'],
  ['attachments', 'sha256'],
  ['outbox', 'sha256'],
  ['dead_letters', 'sha256'],
] as const;

/** Every SHA-256 that a row refers to, and the table of one of them. */
async function referencesOf(db: Db): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [table, column] of REFERENCES) {
    for (const row of await db(table).distinct(column).whereNotNull(column)) found.set(row[column], table);
  }
  for (const { facts } of await db('forms').select('facts')) found.set(JSON.parse(facts).contentSha256, 'forms');
  const placed = db('folder_files').distinct('sha256').where({ state: 'complete', content: null, file: null });
  for (const { sha256 } of await placed) found.set(sha256, 'folder_files');
  return found;
}

async function faultOf({ sha256, file, content, size }: BlobRow, blobDir: string): Promise<string | undefined> {
  if (sha256 === null) return undefined;
  if (content) return digest([content]) === sha256 ? undefined : `the row of ${sha256} holds something else`;
  if (!file) return undefined; // in `blobs`
  const sum = createHash('sha256');
  let bytes = 0;
  try {
    await pipeline(createReadStream(join(blobDir, file)), async (pieces) => {
      for await (const piece of pieces as AsyncIterable<Buffer>) {
        sum.update(piece);
        bytes += piece.length;
      }
    });
  } catch (error) {
    return `the file of ${sha256} cannot be read: ${String(error)}`;
  }
  const same = sum.digest('hex') === sha256 && bytes === Number(size);
  return same ? undefined : `the file ${file} is not ${sha256} (${bytes} of ${size} bytes)`;
}

function digest(pieces: readonly Buffer[]): string {
  const sum = createHash('sha256');
  for (const piece of pieces) sum.update(piece);
  return sum.digest('hex');
}

async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []); // none was ever large
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1));
}
