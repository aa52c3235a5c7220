import { createHash } from 'node:crypto';
import { EngineError } from '../core/errors.ts';
import { keepBlobs } from '../store/blob-rows.ts';
import { type BlobSource, type BlobStore, type ContentPlace, sourceOf, streamOf } from '../store/blobs.ts';
import { type Db, isSqlite } from '../store/database.ts';
import { insertRows, placesFor, rowsOf, write } from '../store/sql.ts';
import { createConverter, type Digests, digestOf } from './content-digest.ts';
import { FOLDERS, type FolderName } from './folders.ts';

/** A complete file as the intake sees it. */
export interface LandedFile {
  /** Opaque: names this file with this content, so that a file written anew under its name is another one. */
  readonly id: string;
  readonly name: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly digests: Digests;
  readonly modifiedAt: Date;
}

/** A file to place in a folder: its bytes, or the SHA-256 of content that the store has. */
export type FileToPlace =
  | { readonly name: string; readonly bytes: Buffer }
  | { readonly name: string; readonly sha256: string };

const COLUMNS = 'id, name, size, sha256, digests, modified_at';

/** A complete file by its name, or undefined. */
export async function findLanded(
  db: Db,
  sender: string,
  folder: FolderName,
  name: string,
): Promise<LandedFile | undefined> {
  const select = `select ${COLUMNS} from folder_files where sender = ? and folder = ? and name = ? and state = 'complete'`;
  const [row] = await rowsOf<LandedRow>(db, select, [sender, folder, name]);
  return row && toLanded(row);
}

/** More than a set can have (9 FI, 9 FS), so that what is too much is seen; the rest stays in the folder. */
const MOST_FILES = 40;

/** The first 40 complete files of a folder whose name starts with one of the prefixes, in the order of their names. */
export async function findSet(
  db: Db,
  sender: string,
  folder: FolderName,
  prefixes: readonly string[],
): Promise<LandedFile[]> {
  if (prefixes.length === 0) return [];
  const rows = await rowsOf<LandedRow>(
    db,
    `select ${COLUMNS} from folder_files where sender = ? and folder = ? and state = 'complete'
     and (${prefixes.map(() => 'name between ? and ?').join(' or ')}) order by name limit ${MOST_FILES}`,
    // U+10FFFF sorts after every character: the range is what begins with the prefix, found by the index
    [sender, folder, ...prefixes.flatMap((prefix) => [prefix, `${prefix}\u{10FFFF}`])],
  );
  return rows.map(toLanded);
}

/**
 * Takes files out of their folders and makes their content blobs, all inside the caller's transaction.
 * @returns false, with nothing done, when one of them is gone or holds other content than when it was found.
 */
export async function claimFiles(tx: Db, ids: readonly string[], now: Date): Promise<boolean> {
  const claims = ids.map(parseId);
  const rowIds = claims.map(({ id }) => id);
  const found = await lockRows(tx, rowIds);
  if (!claims.every(({ id, sha256 }) => found.get(id) === sha256)) return false;
  await moveContent(
    tx,
    rowIds,
    claims.map(({ sha256 }) => sha256),
    now,
  );
  await write(tx, `delete from folder_files where id in (${placesFor(rowIds)})`, rowIds);
  return true;
}

const ROUNDS = 5; // more than one is only needed when the collector takes the very same content at the same moment

/** Makes blobs of what the rows hold; content that is there already stays, and the file of a second copy is left to the sweep. */
async function moveContent(tx: Db, rowIds: readonly number[], hashes: readonly string[], now: Date): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    await write(
      tx,
      `insert into blobs (sha256, size, file, stored_at, content)
       select sha256, size, file, ?, content from folder_files
       where id in (${placesFor(rowIds)}) and (content is not null or file is not null)
       on conflict (sha256) do nothing`,
      [now.toISOString(), ...rowIds],
    );
    if (await keepBlobs(tx, hashes, now)) return;
  }
  throw new EngineError('blob_missing', 'the content of a file in a folder is not in the store');
}

async function lockRows(tx: Db, ids: readonly number[]): Promise<Map<number, string>> {
  const found = `select id, sha256 from folder_files where id in (${placesFor(ids)}) and state = 'complete'`;
  // in one order, so that two claims of a set cannot wait for each other
  const locked = isSqlite(tx) ? found : `${found} order by id for update`;
  const rows = await rowsOf<{ id: string | number; sha256: string }>(tx, locked, ids);
  return new Map(rows.map((row) => [Number(row.id), row.sha256]));
}

/** Puts complete files into a folder, all inside the caller's transaction. A name that is there gets the content anew. */
export async function placeFiles(
  tx: Db,
  sender: string,
  folder: FolderName,
  files: readonly FileToPlace[],
  now: Date,
): Promise<void> {
  const at = now.toISOString();
  const common = {
    sender,
    folder,
    channel: null,
    copy: null,
    state: 'complete',
    file: null,
    modified_at: at,
    stored_at: at,
  };
  const rows = [];
  for (const file of files) rows.push({ ...common, name: file.name, ...(await contentOf(tx, file)) });
  await insertRows(tx, 'folder_files', rows, { key: ['sender', 'folder', 'name'] });
}

async function contentOf(tx: Db, file: FileToPlace) {
  if ('bytes' in file) {
    const { sha256, digests } = digestOf(file.bytes);
    return { size: file.bytes.length, sha256, digests: JSON.stringify(digests), content: file.bytes };
  }
  const { sha256 } = file;
  const [blob] = await rowsOf<{ size: string | number }>(tx, 'select size from blobs where sha256 = ?', [sha256]);
  if (!blob) throw new EngineError('blob_missing', 'the content to place is not in the store', { sha256 });
  return { size: Number(blob.size), sha256, digests: '{"textComplete":false}', content: null };
}

/** The folders that senders put files in. */
export const IN_FOLDERS: readonly FolderName[] = FOLDERS.filter((folder) => folder.startsWith('IN'));

/** Whose content is asked for, and where it is. */
export interface LandedContent {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly file: LandedFile;
}

/** Where the bytes of a landed file are. Throws blob_missing when it has been taken away or written anew. */
export async function openLanded({ db, blobs, file }: LandedContent): Promise<BlobSource> {
  const { id, sha256 } = parseId(file.id);
  const select = 'select content, file, size from folder_files where id = ? and sha256 = ?';
  const [row] = await rowsOf<ContentPlace>(db, select, [id, sha256]);
  if (row?.content || row?.file) return sourceOf(blobs.files, { ...row, size: Number(row.size) });
  return blobs.open(db, sha256);
}

/** The bytes of a landed file. Throws limit_exceeded when it is larger than `maxBytes`, blob_missing when it is gone. */
export async function readLanded(content: LandedContent, maxBytes = 1 << 20): Promise<Buffer> {
  if (content.file.size > maxBytes) {
    throw new EngineError('limit_exceeded', `the file is larger than ${maxBytes} bytes`, { name: content.file.name });
  }
  const pieces: Buffer[] = [];
  for await (const piece of streamOf(await openLanded(content))) pieces.push(piece);
  return Buffer.concat(pieces);
}

/**
 * The digest of a landed file, raw or as text (content-digest.ts), as known from the upload. Only what was not followed
 * then (other algorithms of a small file, anything but SHA-256 of a very large one) is found by reading the content.
 */
export function createDigestOf(content: LandedContent): (algorithm: string, form: 'raw' | 'text') => Promise<Buffer> {
  const { sha256, digests } = content.file;
  const same = digests.textComplete !== false && digests['sha256:text'] === undefined;
  const followed: Readonly<Record<string, unknown>> = { ...digests, sha256 };
  return async (algorithm, form) => {
    const asText = form === 'text' && !same;
    const known = followed[asText ? `${algorithm}:text` : algorithm];
    if (typeof known === 'string') return Buffer.from(known, 'hex');
    return digestByReading(await openLanded(content), algorithm, asText);
  };
}

async function digestByReading(source: BlobSource, algorithm: string, asText: boolean): Promise<Buffer> {
  const sum = createHash(algorithm);
  const add = (piece: Buffer): void => void sum.update(piece);
  const take = asText ? createConverter(add) : add;
  for await (const piece of streamOf(source)) take(piece);
  return sum.digest();
}

const toId = (row: { id: unknown; sha256: string }) => `${row.id}:${row.sha256}`;

function parseId(id: string): { readonly id: number; readonly sha256: string } {
  const [row, sha256 = ''] = id.split(':');
  return { id: Number(row), sha256 };
}

/** A row of a complete file, as both databases give it. */
interface LandedRow {
  readonly id: string | number;
  readonly name: string;
  readonly size: string | number;
  readonly sha256: string;
  readonly digests: string | null;
  readonly modified_at: string;
}

function toLanded(row: LandedRow): LandedFile {
  return {
    id: toId(row),
    name: row.name,
    size: Number(row.size),
    sha256: row.sha256,
    digests: JSON.parse(row.digests ?? '{}') as Digests,
    modifiedAt: new Date(row.modified_at),
  };
}
