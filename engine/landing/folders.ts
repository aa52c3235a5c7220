import type { Readable } from 'node:stream';

/** The folders that a sender sees, and nothing else (protocol §1.3). */
export const FOLDERS = ['IN', 'OUT', 'INTEST', 'OUTTEST', 'INTEST-S', 'OUTTEST-S'] as const;
export type FolderName = (typeof FOLDERS)[number];

export interface FileEntry {
  readonly name: string;
  readonly size: number;
  readonly modifiedAt: Date;
  /** False while an upload is not finished: it may be resumed, and a GO does not see it. */
  readonly complete: boolean;
}

/** An upload in progress. Holds a bounded buffer whatever the size; nothing is visible to a GO before `close`. */
export interface Upload {
  /** Bytes there already when an upload is resumed. */
  readonly offset: number;
  /** Writes at `offset`; resolves when the sender may send more (back-pressure), rejects with limit_exceeded. */
  write(offset: number, bytes: Buffer): Promise<void>;
  /** Cuts the file to `size` bytes. */
  truncate(size: number): Promise<void>;
  /** Sets the time shown in listings. */
  setModified(at: Date): void;
  /** Resolves when the file is durable and, for a GO or TD, when its submission is. */
  close(): Promise<void>;
  /** Keeps what came so far as a partial file that may be resumed. */
  abandon(): Promise<void>;
}

export interface Download {
  readonly size: number;
  readonly modifiedAt: Date;
  /** Bytes [offset, offset+length), fewer at the end, none after it. */
  read(offset: number, length: number): Promise<Buffer>;
  stream(start?: number): Readable;
  close(): Promise<void>;
}

/**
 * The sender's folders: the one port that SFTP, FTP and the drop folder stand on.
 * Rows and blobs, never directories of the operating system. Every method refuses with access_denied,
 * operation_unsupported, name_invalid, limit_exceeded or not_found, each with a sentence for the sender.
 */
export interface Folders {
  /** Files in the order of their names, after `after`; an empty list is the end. */
  list(folder: FolderName, page?: { readonly after?: string; readonly limit?: number }): Promise<FileEntry[]>;
  stat(folder: FolderName, name: string): Promise<FileEntry>;
  /** What this session has uploaded in the last seconds, also what has been taken in since: some clients look for it in a listing. */
  recent(folder: FolderName): readonly FileEntry[];
  /** Opens a file of an IN folder for writing: `create` starts afresh, `resume` goes on after what is there. */
  openWrite(folder: FolderName, name: string, mode: 'create' | 'resume'): Promise<Upload>;
  /**
   * Puts a whole file into an IN folder, in place of what is there: once for each `once` (at most 80 characters), however
   * often it is asked and by how many at a time. Resolves when the file is durable and, for a GO or TD, when its
   * submission is. When `content` fails nothing of it stays.
   */
  takeIn(folder: FolderName, name: string, content: AsyncIterable<Buffer>, once: string): Promise<void>;
  openRead(folder: FolderName, name: string): Promise<Download>;
  /** Renames within one IN folder; a GO or TD name triggers what an upload under that name would. */
  rename(folder: FolderName, from: string, to: string): Promise<void>;
  remove(folder: FolderName, name: string): Promise<void>;
  setModified(folder: FolderName, name: string, at: Date): Promise<void>;
}

/** A file that has just become complete in an IN folder. */
export interface Arrival {
  readonly sender: string;
  readonly channel: string;
  readonly folder: FolderName;
  readonly name: string;
}

/**
 * Called for each GO and TD after its row is durable and before the sender gets the reply. Safe to call again. Gives the
 * ticket of the submission that it is about; undefined when somebody else has taken it in meanwhile.
 */
export type OnArrival = (arrival: Arrival) => Promise<string | undefined>;
