import { EngineError } from '../../../engine/core/errors.ts';
import { placeOf } from '../../../engine/landing/paths.ts';
import { fileAttributes, folderAttributes } from '../listing.ts';
import { STATUS } from '../protocol.ts';
import { attributesReply, statusReply } from '../replies.ts';
import type { Operation } from './operation.ts';

/** STAT and LSTAT, which are the same: there are no links. */
export const stat: Operation = async ({ folders, clock }, id, fields) => {
  const place = placeOf(fields.string());
  switch (place.kind) {
    case 'root':
    case 'folder':
      return attributesReply(id, folderAttributes(clock()));
    case 'file':
      return attributesReply(id, fileAttributes(place.folder, await folders.stat(place.folder, place.name)));
    case 'nowhere':
      throw new EngineError('not_found', 'there is no such file or folder');
  }
};

/** SETSTAT: the time of a file in an IN folder takes effect; owner and permissions are ignored, for there are none. */
export const setstat: Operation = async ({ folders }, id, fields) => {
  const place = placeOf(fields.string());
  const { size, modified } = fields.attributes();
  if (place.kind === 'nowhere') throw new EngineError('not_found', 'there is no such file or folder');
  if (place.kind === 'file') {
    if (size !== undefined) throw new EngineError('operation_unsupported', 'a file is cut only while it is open');
    if (modified === undefined) await folders.stat(place.folder, place.name);
    else await folders.setModified(place.folder, place.name, new Date(modified * 1000));
  }
  return statusReply(id, STATUS.OK, '');
};
