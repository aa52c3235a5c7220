import { type FileHandle, open } from 'node:fs/promises';

/** Bytes of a declaration, read in order. */
export interface Source {
  /** Reads up to `into.length - at` bytes to `at`; 0 means that there are no more. */
  read(into: Uint8Array, at: number): Promise<number>;
  close(): Promise<void>;
}

/** Opens a file; a file that cannot be opened or read rejects with the error of the system. */
export async function fileSource(path: string): Promise<Source> {
  const handle = await open(path, 'r');
  return { read: (into, at) => readFrom(handle, into, at), close: () => handle.close() };
}

async function readFrom(handle: FileHandle, into: Uint8Array, at: number): Promise<number> {
  const { bytesRead } = await handle.read(into, at, into.length - at, null);
  return bytesRead;
}

/** Bytes that are already in memory. */
export function bytesSource(bytes: Uint8Array): Source {
  let done = 0;
  return {
    async read(into, at) {
      const piece = bytes.subarray(done, done + into.length - at);
      into.set(piece, at);
      done += piece.length;
      return piece.length;
    },
    close: async () => undefined,
  };
}
