import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Clock } from '../../engine/core/clock.ts';
import { EngineError, type ErrorCode } from '../../engine/core/errors.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { createFolders, type FoldersOf } from '../../engine/landing/create-folders.ts';
import type { Arrival, FolderName, Folders, OnArrival } from '../../engine/landing/folders.ts';
import type { LandingLimits } from '../../engine/landing/limits.ts';
import { type BlobStore, createBlobStore } from '../../engine/store/blobs.ts';
import type { Db } from '../../engine/store/database.ts';
import { openTestStore, type StoreKind } from './database.ts';

/** Folders over a store of their own, with a clock that a test may move. */
export interface TestLanding {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly foldersOf: FoldersOf;
  readonly folders: Folders;
  readonly arrivals: Arrival[];
  now: Date;
  close(): Promise<void>;
}

export interface TestLandingOptions {
  readonly kind?: StoreKind;
  readonly onArrival?: OnArrival;
  readonly limits?: Partial<LandingLimits>;
  /** Free space that the landing sees; the disk's own when absent. */
  readonly freeBytes?: () => Promise<number>;
}

/** Opens folders of sender 123456; every GO and TD that arrives is noted. */
export async function openTestLanding(options: TestLandingOptions = {}): Promise<TestLanding> {
  const { db, close } = await openTestStore(options.kind);
  const dir = await mkdtemp(join(tmpdir(), 'bode-blobs-'));
  const log = silentLogger();
  const blobs = createBlobStore({ dir, log });
  const arrivals: Arrival[] = [];
  const onArrival: OnArrival = async (arrival) => {
    arrivals.push(arrival);
    return options.onArrival?.(arrival);
  };
  const clock: Clock = () => landing.now;
  const { limits = {}, freeBytes = blobs.files.freeBytes } = options;
  const foldersOf = createFolders({ db, blobs, clock, log, onArrival, limits, freeBytes });
  const landing: TestLanding = {
    db,
    blobs,
    foldersOf,
    folders: foldersOf({ number: '123456', channel: 'sftp' }),
    arrivals,
    now: new Date('2026-11-22T09:00:00.000Z'),
    close: async () => {
      await close();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return landing;
}

/** Uploads a file in pieces of `piece` bytes. */
export async function upload(folders: Folders, folder: FolderName, name: string, bytes: Buffer, piece = 32_768) {
  const file = await folders.openWrite(folder, name, 'create');
  for (let at = 0; at < bytes.length; at += piece) await file.write(at, bytes.subarray(at, at + piece));
  await file.close();
}

/** Reads a file whole. */
export async function download(folders: Folders, folder: FolderName, name: string): Promise<Buffer> {
  const file = await folders.openRead(folder, name);
  const pieces: Buffer[] = [];
  for await (const piece of file.stream()) pieces.push(piece);
  await file.close();
  return Buffer.concat(pieces);
}

/** The sentence with which an action is refused; fails when it is not, or with another code. */
export async function refusal(code: ErrorCode, action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
  } catch (error) {
    expect(error, String(error)).to.be.instanceOf(EngineError);
    expect((error as EngineError).code).to.equal(code);
    return (error as EngineError).message;
  }
  throw new Error(`expected ${code}, but nothing was refused`);
}
