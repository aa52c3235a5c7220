import { createHash } from 'node:crypto';
import type { BlobFiles, NewFile } from './blob-files.ts';
import type { BlobRef } from './blobs.ts';

/** A stream of bytes, piece by piece. */
export type Pieces = AsyncIterator<Uint8Array>;

/** Reads up to so many bytes, and one piece more; all when there are no more than these. */
export async function readHead(pieces: Pieces, limit: number): Promise<{ head: Buffer; ended: boolean }> {
  const head: Uint8Array[] = [];
  let size = 0;
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    head.push(next.value);
    size += next.value.length;
    if (size > limit) return { head: Buffer.concat(head), ended: false };
  }
  return { head: Buffer.concat(head), ended: true };
}

/** Writes a stream into a file of its own, synced like its entry; of one that fails nothing is left. */
export async function writeAside(
  files: BlobFiles,
  head: Buffer,
  rest: Pieces,
): Promise<{ file: string; ref: BlobRef }> {
  const aside = await files.create();
  try {
    const ref = await writeAll(aside, head, rest);
    await files.syncEntry(aside.name);
    return { file: aside.name, ref };
  } catch (error) {
    await files.remove(aside.name);
    throw error;
  }
}

/** Writes contents in hand into files of one directory, whose entries are synced once; of those that fail nothing is left. */
export async function writeTogether(files: BlobFiles, contents: readonly Buffer[]): Promise<string[]> {
  const beside = files.shard();
  const made = await Promise.allSettled(contents.map((bytes) => writeOne(files, bytes, beside)));
  const names = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  try {
    for (const one of made) if (one.status === 'rejected') throw one.reason;
    if (names[0]) await files.syncEntry(names[0]);
    return names;
  } catch (error) {
    for (const name of names) await files.remove(name);
    throw error;
  }
}

async function writeOne(files: BlobFiles, bytes: Buffer, shard: string): Promise<string> {
  const { name, handle } = await files.create(shard);
  try {
    for (let done = 0; done < bytes.length; ) {
      done += (await handle.write(bytes, done, bytes.length - done, done)).bytesWritten;
    }
    await handle.sync();
  } catch (error) {
    await files.remove(name);
    throw error;
  } finally {
    await handle.close();
  }
  return name;
}

async function writeAll({ handle }: NewFile, head: Buffer, rest: Pieces): Promise<BlobRef> {
  const sum = createHash('sha256');
  let size = 0;
  const add = async (bytes: Uint8Array) => {
    sum.update(bytes);
    for (let done = 0; done < bytes.length; ) {
      done += (await handle.write(bytes, done, bytes.length - done, size + done)).bytesWritten;
    }
    size += bytes.length;
  };
  try {
    await add(head);
    for (let next = await rest.next(); !next.done; next = await rest.next()) await add(next.value);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { sha256: sum.digest('hex'), size };
}
