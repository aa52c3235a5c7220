import type { Readable } from 'node:stream';
import { ZipArchive } from 'archiver';

/** A file that goes into an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly date: Date;
  /** Opens its content, or gives all of it, which comes out the same where it is packed; called when it is its turn. */
  open(): Promise<Readable | Buffer>;
}

/** How a ZIP is made: `stored` begins at once and suits what is packed already; `packed` is for what repeats itself. */
export type Packing = 'stored' | 'packed';

const OPTIONS = { stored: { store: true }, packed: { zlib: { level: 1 } } }; // more work makes lists hardly smaller

/**
 * A ZIP of files, one after the other: no more is open or in memory than what is being read of it, and the same files
 * come out the same. Reading fails with what opening or reading a file failed with; who leaves early leaves nothing open.
 */
export function zipped(entries: readonly ZipEntry[], packing: Packing): Readable {
  const archive = new ZipArchive(OPTIONS[packing]);
  fill(archive, entries).catch((error: Error) => archive.destroy(error));
  return archive as unknown as Readable;
}

async function fill(archive: ZipArchive, entries: readonly ZipEntry[]): Promise<void> {
  for (const { name, date, open } of entries) {
    if (archive.destroyed) return;
    await add(archive, await open(), { name, date, mode: 0o644 });
  }
  await archive.finalize();
}

/** Resolves when the file is in; the library listens neither to a source that fails nor to a reader who leaves. */
async function add(archive: ZipArchive, source: Readable | Buffer, entry: { name: string; date: Date; mode: number }) {
  try {
    await new Promise<void>((resolve, reject) => {
      const leave = () => reject(new Error('nobody reads the archive any more'));
      archive.once('close', leave);
      archive.once('entry', () => {
        archive.off('close', leave);
        resolve();
      });
      if (!Buffer.isBuffer(source)) source.once('error', reject);
      archive.append(source, entry);
    });
  } finally {
    if (!Buffer.isBuffer(source)) source.destroy();
  }
}
