import { hash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { silentLogger } from '../../engine/core/logger.ts';
import { type BlobRef, type BlobStore, createBlobStore, type PreparedContent } from '../../engine/store/blobs.ts';
import { type Collected, collectContent, sweepUnnamed } from '../../engine/store/collect.ts';
import { type Db, openStore } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { openTestStore, type StoreKind } from './database.ts';

export const HOUR = 3_600_000;

/** A store with content, a clock that a test moves, and what a test does with both. Content over 100 bytes lies in a file. */
export interface TestContent {
  readonly db: Db;
  /** The connections of another process. */
  readonly other: Db;
  readonly url: string;
  readonly blobs: BlobStore;
  now(): Date;
  later(ms: number): void;
  /** What the collector needs, on these connections; the other process's when absent. */
  deps(on?: Db): { db: Db; blobs: BlobStore; clock: () => Date; log: ReturnType<typeof silentLogger> };
  collect(graceMs?: number): Promise<Collected>;
  sweep(graceMs?: number): Promise<Collected>;
  /** Hashes of all content, in their order. */
  stored(): Promise<string[]>;
  isThere(ref: Pick<BlobRef, 'sha256'>): Promise<boolean>;
  prepare(bytes: Buffer): Promise<PreparedContent>;
  /** Content that nobody needs and whose grace is over. */
  ripe(): Promise<PreparedContent>;
  /** Content that no row names, which nobody knows. */
  put(bytes: Buffer): Promise<BlobRef>;
  /** A complete small file in a folder; gives what claimFiles knows it by. */
  land(bytes: Buffer): Promise<string>;
  close(): Promise<void>;
}

/** Opens one on a database and a directory of its own. */
export async function openTestContent(kind: StoreKind): Promise<TestContent> {
  const dir = await mkdtemp(join(tmpdir(), 'bode-blobs-'));
  const { db, url, close } = await openTestStore(kind);
  const other = openStore({ url, poolSize: 3 });
  let now = new Date('2026-11-22T09:00:00.000Z');
  const blobs = createBlobStore({ dir, log: silentLogger(), inlineBytes: 100, clock: () => now });
  const deps = (on = other) => ({ db: on, blobs, clock: () => now, log: silentLogger() });
  const later = (ms: number) => {
    now = new Date(now.getTime() + ms);
  };
  const prepare = (bytes: Buffer) => blobs.prepare(db, Readable.from([bytes]));
  const stored = async () => (await db('blobs').select('sha256').orderBy('sha256')).map(({ sha256 }) => sha256);

  return {
    ...{ db, other, url, blobs, deps, later, prepare, stored },
    now: () => now,
    collect: (graceMs = HOUR) => collectContent({ ...deps(), graceMs }),
    sweep: (graceMs = HOUR) => sweepUnnamed({ ...deps(), graceMs }),
    isThere: async ({ sha256 }) => (await stored()).includes(sha256),
    put: (bytes) => inTransaction(db, (tx) => blobs.put(tx, bytes)),
    land: (bytes) => land(db, bytes, now),
    async ripe() {
      const prepared = await prepare(randomBytes(500));
      later(2 * HOUR);
      return prepared;
    },
    async close() {
      await other.destroy();
      await close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function land(db: Db, bytes: Buffer, now: Date): Promise<string> {
  const sha256 = hash('sha256', bytes, 'hex');
  const at = now.toISOString();
  const row = { sender: '123456', folder: 'IN', name: 'FI.A', state: 'complete', size: bytes.length, sha256 };
  const [added] = await db('folder_files')
    .insert({ ...row, content: bytes, modified_at: at, stored_at: at })
    .returning('id');
  return `${added.id}:${sha256}`;
}
