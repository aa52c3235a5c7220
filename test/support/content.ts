import type { BlobStore } from '../../engine/store/blobs.ts';

/** Names of all files in the blob directory. */
export async function filesOf(blobs: Pick<BlobStore, 'files'>): Promise<string[]> {
  const names: string[] = [];
  for await (const name of blobs.files.olderThan(new Date(Date.now() + 3_600_000))) names.push(name);
  return names.sort();
}
