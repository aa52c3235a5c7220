import { createHmac, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** A place in the chain: the sequence number of a line and its hash. Place 0 is before the first line. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** What is kept of the chain's end outside the database. */
export type KeptHead =
  | { readonly kind: 'kept'; readonly head: Head; readonly at: string }
  | { readonly kind: 'missing' }
  /** Changed by hand, damaged, or made with another key. */
  | { readonly kind: 'unusable' };

/** The hash before the first line. */
export const GENESIS: Head = { seq: 0, hash: '0'.repeat(64) };

const schema = z.strictObject({
  seq: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.string(),
  mac: z.string(),
});

/** The file that remembers how far the chain had come, so that a chain cut off at its end is found out. */
export const auditHeadPath = (dataDir: string): string => join(dataDir, 'audit', 'head.json');

/** Reads the head that was kept. Rejects only when the file is there and cannot be read. */
export async function readHead(path: string, key: Buffer): Promise<KeptHead> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return { kind: 'missing' };
  const { data } = schema.safeParse(parsed(text));
  if (!data || data.mac !== macOf(data, data.at, key)) return { kind: 'unusable' };
  const { seq, hash, at } = data;
  return { kind: 'kept', head: { seq, hash }, at };
}

/** Keeps this head in place of the one before: after a crash the file holds the one or the other, whole. */
export async function writeHead(path: string, { seq, hash }: Head, now: Date, key: Buffer): Promise<void> {
  const at = now.toISOString();
  const text = `${JSON.stringify({ seq, hash, at, mac: macOf({ seq, hash }, at, key) })}\n`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeSynced(aside, text);
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

function macOf({ seq, hash }: Head, at: string, key: Buffer): string {
  return createHmac('sha256', key).update(`head\n${seq}\n${hash}\n${at}`).digest('hex');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
