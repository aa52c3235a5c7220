import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/**
 * A directory held open. What is done with a name in it is done in this very directory, wherever its path leads by then:
 * whoever may move or replace directories above cannot send the engine anywhere else.
 */
export interface HeldDirectory {
  /** The path of a name in it, for calls that do not follow a link at its end. */
  at(name: string | Buffer): Buffer;
  stat(): Promise<Stats>;
  /** Makes the entries survive a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a directory; a link at the end of the path is refused (ENOTDIR, ELOOP) unless `follow`. */
export async function holdDirectory(path: string | Buffer, follow = false): Promise<HeldDirectory> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | (follow ? 0 : constants.O_NOFOLLOW);
  const handle = await open(path, flags);
  return {
    at: (name) => pathIn(handle, name),
    stat: () => handle.stat(),
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}

/** Node has no openat(2); Linux looks a name up in an open directory by this path, too. */
function pathIn({ fd }: FileHandle, name: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), typeof name === 'string' ? Buffer.from(name) : name]);
}

/** Gives undefined instead of failing because something is not there. */
export function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
}
