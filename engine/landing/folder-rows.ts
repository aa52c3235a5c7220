import type { ContentPlace } from '../store/blobs.ts';
import { type Db, isSqlite } from '../store/database.ts';
import { prepare, prepareChange } from '../store/prepared.ts';
import { inTransaction } from '../store/transaction.ts';
import type { ContentDigest } from './content-digest.ts';
import type { FolderName } from './folders.ts';

/** Which file: a sender's, in one of its folders. */
export interface FileKey {
  readonly sender: string;
  readonly folder: FolderName;
  readonly name: string;
}

/** A row of `folder_files` without its bytes. */
export interface FolderFile extends FileKey {
  readonly id: number;
  readonly complete: boolean;
  readonly size: number;
  readonly file: string | null;
  readonly modifiedAt: Date;
}

/** What a row tells of an upload besides where its bytes are. */
export interface UploadFacts {
  readonly channel: string;
  readonly size: number;
  readonly modifiedAt: Date;
  readonly storedAt: Date;
  /** Absent while partial. */
  readonly digest?: ContentDigest;
}

const ENTRY = ['id', 'sender', 'folder', 'name', 'state', 'size', 'file', 'modified_at'] as const;

/** Finds one row, or undefined. */
export type FindFile = (key: FileKey) => Promise<FolderFile | undefined>;

/** Prepares the look-up that clients ask for before every upload. */
export function createFindFile(db: Db): FindFile {
  const select = `select ${ENTRY.join(', ')} from folder_files where sender = ? and folder = ? and name = ?`;
  const find = prepare<Row>(db, select);
  return async ({ sender, folder, name }) => {
    const [row] = await find([sender, folder, name]);
    return row && toFile(row);
  };
}

/** Rows of a folder in the order of their names (byte order), after `after`. */
export async function listFiles(
  db: Db,
  { sender, folder }: Omit<FileKey, 'name'>,
  { after = '', limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<FolderFile[]> {
  const rows = await db('folder_files')
    .select(ENTRY)
    .where({ sender, folder })
    .where('name', '>', after)
    .orderBy('name')
    .limit(limit);
  return rows.map(toFile);
}

// The one statement that the upload of a small file costs, unless it comes in place of a large one.
const BOUND = [
  'sender',
  'folder',
  'name',
  'channel',
  'state',
  'size',
  'sha256',
  'digests',
  'modified_at',
  'stored_at',
  'content',
] as const;
const UPSERT = `insert into folder_files (${BOUND.join(', ')}) values (${BOUND.map(() => '?').join(', ')})
  on conflict (sender, folder, name) do update set
    channel = excluded.channel, state = excluded.state, size = excluded.size, sha256 = excluded.sha256, digests = excluded.digests,
    modified_at = excluded.modified_at, stored_at = excluded.stored_at, content = excluded.content
  where folder_files.file is null`;

/**
 * Stores the bytes of a small upload under its name, in place of what was there, durably when it resolves. Gives the
 * file of the blob directory that no row names any more, if there is one.
 */
export type StoreSmall = (key: FileKey, facts: UploadFacts, content: Buffer) => Promise<string | undefined>;

/** Prepares the statement that every small upload runs. */
export function createStoreSmall(db: Db): StoreSmall {
  const upsert = prepareChange(db, UPSERT);

  return async (key, facts, content) => {
    const row = { ...rowOf(key, facts), content };
    const stored = await upsert(BOUND.map((column) => row[column]));
    return stored === 1 ? undefined : replaceRow(db, key, { ...row, file: null });
  };
}

/** Puts a row in place of what is there; gives the file that no row names any more. */
function replaceRow(db: Db, key: FileKey, row: object): Promise<string | undefined> {
  return inTransaction(db, async (tx) => {
    // locked: a claim that is under way may be handing this very file on to the blobs
    const before = await tx('folder_files').select('file').where(keyOf(key)).forUpdate().first();
    await tx('folder_files').insert(row).onConflict(['sender', 'folder', 'name']).merge();
    return before?.file ?? undefined;
  });
}

/** Puts a complete row in place of what is there; gives the file of the blob directory that no row names any more. */
export async function storeInPlace(
  db: Db,
  key: FileKey,
  facts: UploadFacts,
  place: { readonly content: Buffer | null; readonly file: string | null },
): Promise<string | undefined> {
  return replaceRow(db, key, { ...rowOf(key, facts), ...place });
}

/** Begins the partial row of a large upload, in place of what was there; gives the file that no row names any more. */
export async function beginLarge(db: Db, key: FileKey, facts: UploadFacts, file: string): Promise<string | undefined> {
  return replaceRow(db, key, { ...rowOf(key, facts), file, content: null });
}

/**
 * Brings the row of a large upload up to date, durably when it resolves; gives the name it has now, for it may have been
 * renamed. Undefined when no row names the file: another upload has begun in its place, or the sender has removed it.
 */
export async function updateLarge(db: Db, key: FileKey, facts: UploadFacts, file: string): Promise<string | undefined> {
  const { name, ...row } = rowOf(key, facts);
  const { sender, folder } = row;
  const updated = await db('folder_files').where({ sender, folder, name, file }).update(row);
  if (updated > 0) return name;
  const [renamed] = await db('folder_files').where({ sender, folder, file }).update(row).returning('name');
  return renamed?.name;
}

/** Removes the row of a large upload that failed, unless another upload has taken its place. */
export async function removeLarge(db: Db, { sender, folder }: FileKey, file: string): Promise<void> {
  await db('folder_files').where({ sender, folder, file }).delete(); // under any name: it may have been renamed
}

function rowOf(key: FileKey, facts: UploadFacts) {
  const { digest } = facts;
  return {
    ...keyOf(key),
    channel: facts.channel,
    state: digest ? 'complete' : 'partial',
    size: facts.size,
    sha256: digest?.sha256 ?? null,
    digests: digest ? JSON.stringify(digest.digests) : null,
    modified_at: facts.modifiedAt.toISOString(),
    stored_at: facts.storedAt.toISOString(),
  };
}

/** Gives a file another name in its folder; false when there is no such file. A name that is taken is a unique violation. */
export async function renameFile(db: Db, key: FileKey, to: string): Promise<boolean> {
  return (await db('folder_files').where(keyOf(key)).update({ name: to })) > 0;
}

/** Removes a row; returns it, or undefined when it was not there. */
export async function removeFile(db: Db, key: FileKey): Promise<RemovedFile | undefined> {
  const { sender, folder, name } = key;
  const statement = 'delete from folder_files where sender = ? and folder = ? and name = ? returning file, size';
  const result = await db.raw(statement, [sender, folder, name]);
  return (isSqlite(db) ? result : result.rows)[0];
}

/** What a removed row named. */
interface RemovedFile {
  readonly file: string | null;
  readonly size: number | string;
}

/** Sets the time shown in listings; false when there is no such file. */
export async function setModifiedAt(db: Db, key: FileKey, at: Date): Promise<boolean> {
  return (await db('folder_files').where(keyOf(key)).update({ modified_at: at.toISOString() })) > 0;
}

/** What a sender's folder holds: files, bytes, and bytes of unfinished uploads. */
export interface FolderUse {
  readonly files: number;
  readonly bytes: number;
  readonly partialBytes: number;
}

/** Counts a folder. */
export async function useOf(db: Db, { sender, folder }: Omit<FileKey, 'name'>): Promise<FolderUse> {
  const rows = await db('folder_files')
    .select('state')
    .count('* as files')
    .sum('size as bytes')
    .where({ sender, folder })
    .groupBy('state');
  const sum = (list: typeof rows, field: 'files' | 'bytes') =>
    list.reduce((total, row) => total + Number(row[field]), 0);
  const partial = rows.filter(({ state }) => state === 'partial');
  return { files: sum(rows, 'files'), bytes: sum(rows, 'bytes'), partialBytes: sum(partial, 'bytes') };
}

/** Where the bytes of a file lie, in its row or in the store, and how many; undefined when there is no such file. */
export async function placeOf(
  db: Db,
  key: FileKey,
): Promise<(ContentPlace & { readonly sha256: string | null; readonly modifiedAt: Date }) | undefined> {
  const row = await db('folder_files')
    .select('content', 'file', 'size', 'sha256', 'modified_at')
    .where(keyOf(key))
    .first();
  return row && { ...row, size: Number(row.size), modifiedAt: new Date(row.modified_at) };
}

/** The names among `files` that a row still needs: of a folder or of a blob; asked in the order in which a file moves. */
export async function namedFiles(db: Db, files: readonly string[]): Promise<Set<string>> {
  const rows = [
    ...(await db('folder_files').select('file').whereIn('file', files)),
    ...(await db('blobs').select('file').whereIn('file', files)),
  ];
  return new Set(rows.map(({ file }) => file));
}

function keyOf({ sender, folder, name }: FileKey): FileKey {
  return { sender, folder, name };
}

type Row = Record<(typeof ENTRY)[number], string> & { readonly file: string | null };

function toFile(row: Row): FolderFile {
  return {
    id: Number(row.id),
    sender: row.sender,
    folder: row.folder as FolderName,
    name: row.name,
    complete: row.state === 'complete',
    size: Number(row.size),
    file: row.file,
    modifiedAt: new Date(row.modified_at),
  };
}
