import { EngineError } from '../../../engine/core/errors.ts';
import { printable } from '../../../engine/core/printable.ts';
import { type Place, placeOf } from '../../../engine/landing/paths.ts';
import type { Fields } from '../fields.ts';
import { STATUS } from '../protocol.ts';
import { limitsReply, statusReply } from '../replies.ts';
import type { Operation, SessionContext } from './operation.ts';

type FilePlace = Extract<Place, { kind: 'file' }>;

/** REMOVE: a file that is pending in IN, or one in OUT. */
export const remove: Operation = async ({ folders, log }, id, fields) => {
  const { folder, name } = fileIn(fields, 'folders cannot be removed');
  await folders.remove(folder, name);
  log.info({ folder, file: printable(name) }, 'file deleted');
  return statusReply(id, STATUS.OK, '');
};

/** RENAME: within one IN folder, to a name that is free. */
export const rename: Operation = async (context, id, fields) => {
  const [from, to] = fromAndTo(fields);
  await renameFile(context, from, to);
  return statusReply(id, STATUS.OK, '');
};

function fromAndTo(fields: Fields): [FilePlace, FilePlace] {
  const sentence = 'folders cannot be renamed';
  const [from, to] = [fileIn(fields, sentence), fileIn(fields, sentence)];
  if (from.folder !== to.folder) {
    throw new EngineError('access_denied', 'a file can only be renamed within its folder');
  }
  return [from, to];
}

async function renameFile({ folders, log }: SessionContext, from: FilePlace, to: FilePlace): Promise<void> {
  await folders.rename(from.folder, from.name, to.name);
  log.info({ folder: from.folder, file: printable(from.name), to: printable(to.name) }, 'file renamed');
}

/** EXTENDED: posix-rename@openssh.com, which replaces what has the new name, and limits@openssh.com. */
export const extended: Operation = async (context, id, fields) => {
  switch (fields.string().toString('latin1')) {
    case 'posix-rename@openssh.com':
      await replace(context, ...fromAndTo(fields));
      return statusReply(id, STATUS.OK, '');
    case 'limits@openssh.com':
      return limitsReply(id, context.maxHandles);
    default:
      throw new EngineError('operation_unsupported', 'this extension is not offered');
  }
};

async function replace(context: SessionContext, from: FilePlace, to: FilePlace): Promise<void> {
  const { folders } = context;
  await folders.stat(from.folder, from.name); // what is not there replaces nothing
  if (from.folder.startsWith('IN') && from.name.normalize('NFC') !== to.name.normalize('NFC')) {
    await folders.remove(to.folder, to.name).catch(ignoreMissing);
  }
  await renameFile(context, from, to);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof EngineError && error.code === 'not_found')) throw error;
}

/** SYMLINK and READLINK: there are no links. */
export const refuseLink: Operation = async () => {
  throw new EngineError('operation_unsupported', 'there are no links here');
};

function fileIn(fields: Fields, sentence: string): FilePlace {
  const place = placeOf(fields.string());
  if (place.kind === 'nowhere') throw new EngineError('not_found', 'there is no such file');
  if (place.kind !== 'file') throw new EngineError('access_denied', sentence);
  return place;
}
