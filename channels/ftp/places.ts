import { EngineError } from '../../engine/core/errors.ts';
import { type Place, placeOf } from '../../engine/landing/paths.ts';
import type { FilePlace, FtpContext, Guest } from './session.ts';

/** What a path means to this client: from the root when it begins with a slash, else from the working directory. Throws name_invalid. */
export function resolvePath({ state }: FtpContext, path: Buffer): Place {
  const from = state.folder === undefined ? '' : `/${state.folder}`;
  return placeOf(path[0] === 0x2f ? path : Buffer.concat([Buffer.from(`${from}/`), path]));
}

/** The file that a path names. Throws not_found, access_denied, name_invalid. */
export function fileAt(context: FtpContext, path: Buffer): FilePlace {
  const place = resolvePath(context, path);
  if (place.kind === 'file') return place;
  if (place.kind === 'nowhere') throw new EngineError('not_found', 'there is no such file');
  throw new EngineError('access_denied', 'this is a folder, and folders stay as they are');
}

/** Who has logged in. Throws access_denied. */
export function guestOf({ state }: FtpContext): Guest {
  if (!state.guest) throw new EngineError('access_denied', 'log in first');
  return state.guest;
}
