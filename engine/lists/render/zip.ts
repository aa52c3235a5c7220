import type { Readable } from 'node:stream';
import { ZipArchive } from 'archiver';

/** A file that goes into an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Opens its content; called when it is its turn. */
  open(): Promise<Readable>;
}

const LEVEL = 1; // lists repeat themselves: more work makes them hardly smaller

/** A ZIP of files, one after the other, all of one date: it comes out the same whenever it is made. Memory does not grow with them. */
export function zipped(entries: readonly ZipEntry[], date: Date): Readable {
  const archive = new ZipArchive({ zlib: { level: LEVEL } });
  fill(archive, entries, date).catch((error: Error) => archive.destroy(error));
  return archive as unknown as Readable;
}

async function fill(archive: ZipArchive, entries: readonly ZipEntry[], date: Date): Promise<void> {
  for (const { name, open } of entries) {
    const added = new Promise((resolve) => archive.once('entry', resolve));
    archive.append(await open(), { name, date, mode: 0o644 });
    await added;
  }
  await archive.finalize();
}
