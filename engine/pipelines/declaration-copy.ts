import { Readable } from 'node:stream';
import type { BlobStore, ByteRange, PreparedContent } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import type { KeptFacts } from './judged-form.ts';

/** The declaration with this form alone, not kept yet: nobody gets to see another employer's form. */
export async function copyOf(facts: KeptFacts, db: Db, blobs: BlobStore): Promise<PreparedContent> {
  const { contentSha256: sha256, contentSize: size } = facts;
  if (facts.siblings === 1) return { ref: { sha256, size } };
  const read = (range: ByteRange) => blobs.read(db, sha256, range);
  async function* bytes() {
    yield* await read(facts.prologue);
    yield* await read({ start: facts.start, end: facts.end });
    yield* await read(facts.epilogue);
  }
  return blobs.prepare(db, Readable.from(bytes()));
}
