import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { type BlobSource, streamOf } from '../store/blobs.ts';
import type { Download } from './folders.ts';

/** Opens a source for reading. The file stays readable to its end even when it is removed meanwhile. */
export async function openDownload(source: BlobSource, modifiedAt: Date): Promise<Download> {
  if (source.kind === 'bytes') return downloadOf(source.bytes, modifiedAt);
  return downloadFrom(await open(source.path, 'r'), source.size, modifiedAt);
}

function downloadOf(bytes: Buffer, modifiedAt: Date): Download {
  return {
    size: bytes.length,
    modifiedAt,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
    stream: (start = 0) => streamOf({ kind: 'bytes', bytes }, { start, end: bytes.length }),
    close: async () => undefined,
  };
}

function downloadFrom(handle: FileHandle, size: number, modifiedAt: Date): Download {
  async function read(offset: number, length: number): Promise<Buffer> {
    const wanted = Math.max(0, Math.min(length, size - offset));
    if (wanted === 0) return Buffer.alloc(0);
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, offset);
    return buffer.subarray(0, bytesRead);
  }

  function stream(start = 0): Readable {
    return handle.createReadStream({ start, autoClose: false, highWaterMark: 1 << 20 });
  }

  return { size, modifiedAt, read, stream, close: () => handle.close() };
}
