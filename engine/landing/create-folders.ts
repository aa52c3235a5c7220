import type { Clock } from '../core/clock.ts';
import { EngineError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import type { FreeBytes } from '../store/free-space.ts';
import { refusingWhenFull } from '../store/no-space.ts';
import { isClaimed } from '../store/once.ts';
import { inTransaction } from '../store/transaction.ts';
import { auditRemoval } from './audit-removal.ts';
import { openDownload } from './download.ts';
import { createFileDigests, type FileDigests } from './file-digests.ts';
import { releaseOf, triggerRole } from './file-name.ts';
import {
  createFindFile,
  createStoreSmall,
  type FileKey,
  type FindFile,
  listFiles,
  removeFile,
  renameFile,
  type StoreSmall,
  setModifiedAt,
} from './folder-rows.ts';
import type { FileEntry, FolderName, Folders, OnArrival, Upload } from './folders.ts';
import { createQuota, DEFAULT_LANDING_LIMITS, type LandingLimits, type Quota } from './limits.ts';
import { checkedName } from './names.ts';
import { createRecentUploads } from './recent.ts';
import { createSpace, type Space } from './space.ts';
import { contentOf, entryOf } from './stored-content.ts';
import { takeBack } from './take-back.ts';
import { createUpload, type StoredUpload } from './upload.ts';
import { TAKEN_IN } from './upload-rows.ts';

export interface FoldersDeps {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onArrival: OnArrival;
  readonly limits?: Partial<LandingLimits>;
  /** Free space that uploads share; that of the blob directory when absent. */
  readonly freeBytes?: FreeBytes;
}

/** Whose folders, and by which channel the sender came. */
export interface FolderOwner {
  /** Six digits. */
  readonly number: string;
  readonly channel: string;
  /** Told the ticket of what a GO or TD of this session released or cancelled, before its upload closes. */
  readonly onTaken?: (ticket: string) => void;
}

/** Gives a session the folders of its sender. Make one for each session: it remembers what the session has just uploaded. */
export type FoldersOf = (owner: FolderOwner) => Folders;

/** Folders over rows and blobs; every file belongs to one sender, and no session can name another's. */
export function createFolders(deps: FoldersDeps): FoldersOf {
  const limits = { ...DEFAULT_LANDING_LIMITS, ...deps.limits };
  const quota = createQuota(deps.db, limits, () => deps.clock().getTime());
  const { freeBytes = deps.blobs.files.freeBytes, log } = deps;
  const space = createSpace({ freeBytes, minFreeBytes: limits.minFreeBytes, log });
  const storeSmall = createStoreSmall(deps.db);
  const findFile = createFindFile(deps.db);
  const digests = createFileDigests(log);
  return (owner) => foldersOf(owner, { ...deps, limits, quota, space, digests, storeSmall, findFile });
}

type SessionDeps = FoldersDeps & {
  readonly limits: LandingLimits;
  readonly quota: Quota;
  readonly space: Space;
  readonly digests: FileDigests;
  readonly storeSmall: StoreSmall;
  readonly findFile: FindFile;
};

const PAGE = 500;

function foldersOf({ number: sender, channel, onTaken }: FolderOwner, deps: SessionDeps): Folders {
  const { db, blobs, clock, quota, space, findFile } = deps;
  const recent = createRecentUploads(() => clock().getTime());
  const keyOf = (folder: FolderName, name: string): FileKey => ({ sender, folder, name: checkedName(name) });

  async function arrived({ folder, name }: FileKey, size: number, modifiedAt: Date): Promise<void> {
    recent.add(folder, { name, size, modifiedAt, complete: true });
    if (!triggerRole(name)) return;
    const ticket = await deps.onArrival({ sender, channel, folder, name });
    if (ticket !== undefined) onTaken?.(ticket);
  }

  async function list(folder: FolderName, page: { after?: string; limit?: number } = {}): Promise<FileEntry[]> {
    const rows = await listFiles(db, { sender, folder }, { after: page.after, limit: page.limit ?? PAGE });
    return Promise.all(rows.map((row) => entryOf(blobs, row)));
  }

  async function stat(folder: FolderName, name: string): Promise<FileEntry> {
    const key = keyOf(folder, name);
    const row = await findFile(key);
    const entry = row ? await entryOf(blobs, row) : recent.find(folder, key.name);
    if (!entry) throw notFound(key);
    return entry;
  }

  async function openWrite(folder: FolderName, name: string, mode: 'create' | 'resume'): Promise<Upload> {
    requireIn(folder, 'a file can only be put into an IN folder');
    const key = keyOf(folder, name);
    await space.admit();
    const there = mode === 'resume' ? await contentOf(db, blobs, key) : undefined;
    const allowance = await quota.admit(sender, folder); // last: what follows cannot fail
    const onComplete = ({ name, size, modifiedAt }: StoredUpload) => arrived({ ...key, name }, size, modifiedAt);
    return createUpload(deps, { key, channel, there, allowance, onComplete });
  }

  async function takeIn(folder: FolderName, name: string, content: AsyncIterable<Buffer>, once: string): Promise<void> {
    requireIn(folder, 'a file can only be put into an IN folder');
    const key = keyOf(folder, name);
    if (!(await isClaimed(db, TAKEN_IN, once))) {
      await space.admit();
      const allowance = await quota.admit(sender, folder);
      await fill(createUpload(deps, { key, channel, once, allowance, onComplete: async () => undefined }), content);
    }
    // also when it was there: whoever stored it may have died before it was taken in
    if (triggerRole(key.name)) await deps.onArrival({ sender, channel, folder, name: key.name });
  }

  async function openRead(folder: FolderName, name: string) {
    const key = keyOf(folder, name);
    const there = await contentOf(db, blobs, key);
    if (!there) throw notFound(key);
    return openDownload(there.source, there.modifiedAt);
  }

  async function rename(folder: FolderName, from: string, to: string): Promise<void> {
    requireIn(folder, 'files in an OUT folder keep their names');
    const [source, target] = [keyOf(folder, from), keyOf(folder, to)];
    const row = await findFile(source);
    if (!row) throw notFound(source);
    if (source.name === target.name) return;
    if (await findFile(target)) throw new EngineError('access_denied', `${target.name} exists already`);
    if (!(await renameTakingBack(db, source, target.name, clock()))) throw notFound(source);
    recent.forget(folder, source.name);
    if (row.complete) await arrived(target, row.size, row.modifiedAt);
  }

  async function remove(folder: FolderName, name: string): Promise<void> {
    const key = keyOf(folder, name);
    recent.forget(folder, key.name);
    const row = await inTransaction(db, (tx) => removeAudited(tx, key, clock()));
    if (!row) throw notFound(key);
    if (row.file) await blobs.files.remove(row.file);
  }

  async function setModified(folder: FolderName, name: string, at: Date): Promise<void> {
    const key = keyOf(folder, name);
    requireIn(folder, 'files in an OUT folder keep their times');
    if ((await setModifiedAt(db, key, at)) || recent.find(folder, key.name)) return;
    throw notFound(key);
  }

  return {
    list,
    stat,
    recent: recent.of,
    openWrite: refusingWhenFull(openWrite),
    takeIn: refusingWhenFull(takeIn),
    openRead,
    rename: refusingWhenFull(rename),
    remove: refusingWhenFull(remove),
    setModified: refusingWhenFull(setModified),
  };
}

async function fill(upload: Upload, content: AsyncIterable<Buffer>): Promise<void> {
  try {
    let at = 0;
    for await (const bytes of content) {
      await upload.write(at, bytes);
      at += bytes.length;
    }
  } catch (error) {
    await upload.abandon();
    throw error;
  }
  await upload.close();
}

async function removeAudited(tx: Db, key: FileKey, at: Date) {
  const row = await removeFile(tx, key);
  if (row) {
    await auditRemoval(tx, { by: key.sender, at, key, size: row.size });
    await takeBack(tx, key, at);
  }
  return row;
}

async function renameTakingBack(db: Db, key: FileKey, to: string, at: Date): Promise<boolean> {
  if (releaseOf(key.name) === undefined) return renameFile(db, key, to);
  return inTransaction(db, async (tx) => {
    const renamed = await renameFile(tx, key, to);
    if (renamed) await takeBack(tx, key, at);
    return renamed;
  });
}

function requireIn(folder: FolderName, sentence: string): void {
  if (!folder.startsWith('IN')) throw new EngineError('access_denied', sentence, { folder });
}

function notFound({ folder, name }: FileKey): EngineError {
  return new EngineError('not_found', `there is no ${name} in ${folder}`, { folder });
}
