import { EngineError } from '../../../engine/core/errors.ts';
import type { FolderName } from '../../../engine/landing/folders.ts';
import { placeOf, stepsOf } from '../../../engine/landing/paths.ts';
import { fileAttributes, folderAttributes, namedEntry, rootEntries } from '../listing.ts';
import { STATUS } from '../protocol.ts';
import { handleReply, type NamedEntry, namesReply, statusReply } from '../replies.ts';
import type { Operation, SessionContext } from './operation.ts';

const PAGE = 200; // with names of 255 bytes a page stays below the largest packet

/** OPENDIR: the root or a folder. */
export const opendir: Operation = async (context, id, fields) => {
  const place = placeOf(fields.string());
  await context.confirmStanding();
  context.handles.ensureRoom();
  if (place.kind === 'nowhere') throw new EngineError('not_found', 'there is no such folder');
  if (place.kind === 'file') {
    await context.folders.stat(place.folder, place.name);
    throw new EngineError('operation_unsupported', 'this is a file, not a folder');
  }
  const next = place.kind === 'root' ? rootPages(context) : folderPages(context, place.folder);
  return handleReply(id, context.handles.add({ kind: 'listing', next }));
};

function rootPages({ sender, clock }: SessionContext): () => Promise<readonly NamedEntry[]> {
  let pages = [rootEntries(sender, clock())];
  return async () => {
    const [page = []] = pages;
    pages = [];
    return page;
  };
}

function folderPages(
  { folders, sender, clock }: SessionContext,
  folder: FolderName,
): () => Promise<readonly NamedEntry[]> {
  let after = '';
  return async () => {
    const files = await folders.list(folder, { after, limit: PAGE });
    after = files.at(-1)?.name ?? after;
    const now = clock();
    return files.map((file) => namedEntry(file.name, fileAttributes(folder, file), sender, now));
  };
}

/** READDIR: the next page. */
export const readdir: Operation = async ({ handles }, id, fields) => {
  const page = await handles.get(fields.string(), 'listing').next();
  return page.length > 0 ? namesReply(id, page) : statusReply(id, STATUS.EOF, 'end of folder');
};

/** REALPATH: the path from the root, whether there is something or not. */
export const realpath: Operation = async ({ sender, clock }, id, fields) => {
  const path = `/${stepsOf(fields.string()).join('/')}`;
  return namesReply(id, [namedEntry(path, folderAttributes(clock()), sender, clock())]);
};

/** MKDIR and RMDIR: the folders are fixed. */
export const refuseFolderChange: Operation = async () => {
  throw new EngineError('access_denied', 'folders can be neither made nor removed');
};
