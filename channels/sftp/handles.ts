import { EngineError } from '../../engine/core/errors.ts';
import type { Download, FolderName, Upload } from '../../engine/landing/folders.ts';
import type { NamedEntry } from './replies.ts';

/** A file open for writing. */
export interface OpenUpload {
  readonly kind: 'upload';
  readonly folder: FolderName;
  readonly name: string;
  readonly upload: Upload;
  readonly append: boolean;
  readonly openedAt: number;
  /** How far the file reaches now. */
  end: number;
  /** Bytes that came in this session. */
  received: number;
}

/** A file open for reading. */
export interface OpenDownload {
  readonly kind: 'download';
  readonly folder: FolderName;
  readonly name: string;
  readonly download: Download;
  readonly openedAt: number;
  sent: number;
}

/** A listing in progress. */
export interface OpenListing {
  readonly kind: 'listing';
  /** The next page; an empty one is the end. */
  readonly next: () => Promise<readonly NamedEntry[]>;
}

export type Open = OpenUpload | OpenDownload | OpenListing;

/** What a session has open, by a number that means nothing outside. */
export interface Handles {
  /** Throws limit_exceeded when too many are open. */
  ensureRoom(): void;
  add(open: Open): Buffer;
  /** Throws not_found for a handle that is not open or is of another kind. */
  get<K extends Open['kind']>(handle: Buffer, ...kinds: K[]): Extract<Open, { kind: K }>;
  remove(handle: Buffer): void;
  all(): Open[];
}

/** A table for at most `limit` open files and listings. */
export function createHandles(limit: number): Handles {
  const table = new Map<number, Open>();
  let last = 0;

  function ensureRoom(): void {
    if (table.size >= limit)
      throw new EngineError('limit_exceeded', `at most ${limit} files may be open in one session`);
  }

  function numberOf(handle: Buffer): number {
    return handle.length === 4 ? handle.readUInt32BE(0) : 0;
  }

  return {
    ensureRoom,
    add(open) {
      last = (last % 0xffff_ffff) + 1;
      table.set(last, open);
      const handle = Buffer.alloc(4);
      handle.writeUInt32BE(last);
      return handle;
    },
    get<K extends Open['kind']>(handle: Buffer, ...kinds: K[]) {
      const open = table.get(numberOf(handle));
      if (!open) throw new EngineError('not_found', 'the handle is not open');
      if (!kinds.some((kind) => kind === open.kind)) {
        throw new EngineError('operation_unsupported', 'this cannot be done with the handle');
      }
      return open as Extract<Open, { kind: K }>;
    },
    remove(handle) {
      table.delete(numberOf(handle));
    },
    all: () => [...table.values()],
  };
}
