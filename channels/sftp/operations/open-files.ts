import { EngineError } from '../../../engine/core/errors.ts';
import { printable } from '../../../engine/core/printable.ts';
import type { FileEntry } from '../../../engine/landing/folders.ts';
import { type Place, placeOf } from '../../../engine/landing/paths.ts';
import type { WriteFields } from '../fields.ts';
import type { OpenDownload, OpenUpload } from '../handles.ts';
import { fileAttributes } from '../listing.ts';
import { MAX_PIECE_BYTES, OPEN_FLAG, STATUS } from '../protocol.ts';
import { attributesReply, dataReply, handleReply, type Reply, statusReply } from '../replies.ts';
import type { Operation, SessionContext } from './operation.ts';

type FilePlace = Extract<Place, { kind: 'file' }>;

/** OPEN: for writing in an IN folder (afresh, or going on after what is there), else for reading. */
export const open: Operation = async (context, id, fields) => {
  const place = placeOf(fields.string());
  const flags = fields.uint32();
  fields.attributes();
  await context.confirmStanding();
  context.handles.ensureRoom();
  if (place.kind !== 'file') throw notAFile(place, flags);
  const opened = flags & OPEN_FLAG.WRITE ? await openUpload(context, place, flags) : await openDownload(context, place);
  return handleReply(id, context.handles.add(opened));
};

function notAFile({ kind }: Place, flags: number): EngineError {
  if (flags & OPEN_FLAG.WRITE) {
    return new EngineError('access_denied', 'a file can only be put into IN, INTEST or INTEST-S');
  }
  return kind === 'nowhere'
    ? new EngineError('not_found', 'there is no such file')
    : new EngineError('operation_unsupported', 'this is a folder');
}

async function openUpload(context: SessionContext, place: FilePlace, flags: number): Promise<OpenUpload> {
  const { folders, clock } = context;
  const { folder, name } = place;
  const afresh = (flags & OPEN_FLAG.TRUNCATE) !== 0;
  const mustExist = (flags & OPEN_FLAG.CREATE) === 0;
  const mustNotExist = (flags & OPEN_FLAG.EXCLUSIVE) !== 0;
  if (mustExist || mustNotExist) await checkExistence(context, place, mustNotExist);
  const upload = await folders.openWrite(folder, name, afresh ? 'create' : 'resume');
  const append = (flags & OPEN_FLAG.APPEND) !== 0;
  return { kind: 'upload', folder, name, upload, append, openedAt: clock().getTime(), end: upload.offset, received: 0 };
}

async function checkExistence({ folders }: SessionContext, place: FilePlace, mustNotExist: boolean): Promise<void> {
  const entry = await statOrUndefined(() => folders.stat(place.folder, place.name));
  if (mustNotExist && entry) throw new EngineError('access_denied', 'the file exists already');
  if (!mustNotExist && !entry) throw new EngineError('not_found', 'there is no such file');
}

async function statOrUndefined(stat: () => Promise<FileEntry>): Promise<FileEntry | undefined> {
  try {
    return await stat();
  } catch (error) {
    if (error instanceof EngineError && error.code === 'not_found') return undefined;
    throw error;
  }
}

async function openDownload({ folders, clock }: SessionContext, { folder, name }: FilePlace): Promise<OpenDownload> {
  const download = await folders.openRead(folder, name);
  return { kind: 'download', folder, name, download, openedAt: clock().getTime(), sent: 0 };
}

/** READ: at most what one packet holds; the end of the file is a status of its own. */
export const read: Operation = async ({ handles }, id, fields) => {
  const opened = handles.get(fields.string(), 'download');
  const offset = fields.uint64();
  const data = await opened.download.read(offset, Math.min(fields.uint32(), MAX_PIECE_BYTES));
  if (data.length === 0) return statusReply(id, STATUS.EOF, 'end of file');
  opened.sent += data.length;
  return dataReply(id, data);
};

/** WRITE: resolves when the session may go on, which is later when the disk is slow. */
export async function write({ handles }: SessionContext, fields: WriteFields): Promise<Reply> {
  const opened = handles.get(fields.handle, 'upload');
  let at = opened.append ? opened.end : fields.offset;
  for (const piece of fields.pieces) {
    await opened.upload.write(at, piece);
    at += piece.length;
  }
  opened.end = Math.max(opened.end, at);
  opened.received += fields.length;
  return statusReply(fields.id, STATUS.OK, '');
}

/** CLOSE: for an upload the reply goes out when the file, and what it released, is durable. */
export const close: Operation = async (context, id, fields) => {
  const handle = fields.string();
  const opened = context.handles.get(handle, 'upload', 'download', 'listing');
  context.handles.remove(handle);
  if (opened.kind === 'upload') await closeUpload(context, opened);
  if (opened.kind === 'download') await closeDownload(context, opened);
  return statusReply(id, STATUS.OK, '');
};

async function closeUpload({ log, clock }: SessionContext, opened: OpenUpload): Promise<void> {
  const facts = { folder: opened.folder, file: printable(opened.name), bytes: opened.end };
  try {
    await opened.upload.close();
  } catch (err) {
    log.warn({ ...facts, err, ms: clock().getTime() - opened.openedAt }, 'upload failed');
    throw err;
  }
  log.info({ ...facts, ms: clock().getTime() - opened.openedAt }, 'file uploaded');
}

async function closeDownload({ log, clock }: SessionContext, opened: OpenDownload): Promise<void> {
  await opened.download.close();
  const facts = { folder: opened.folder, file: printable(opened.name), bytes: opened.sent };
  log.info({ ...facts, ms: clock().getTime() - opened.openedAt }, 'file downloaded');
}

/** FSTAT. */
export const fstat: Operation = async ({ handles, clock }, id, fields) => {
  const opened = handles.get(fields.string(), 'upload', 'download');
  const { folder } = opened;
  const entry =
    opened.kind === 'upload'
      ? { size: opened.end, modifiedAt: clock() }
      : { size: opened.download.size, modifiedAt: opened.download.modifiedAt };
  return attributesReply(id, fileAttributes(folder, entry));
};

/** FSETSTAT: size and time take effect on an upload; owner and permissions are ignored, for there are none. */
export const fsetstat: Operation = async ({ handles }, id, fields) => {
  const opened = handles.get(fields.string(), 'upload', 'download');
  const { size, modified } = fields.attributes();
  if (opened.kind === 'upload') {
    if (size !== undefined && size !== opened.end) {
      await opened.upload.truncate(size);
      opened.end = size;
    }
    if (modified !== undefined) opened.upload.setModified(new Date(modified * 1000));
  }
  return statusReply(id, STATUS.OK, '');
};
