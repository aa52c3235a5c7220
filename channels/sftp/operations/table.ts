import { PACKET } from '../protocol.ts';
import { setstat, stat } from './attributes.ts';
import { opendir, readdir, realpath, refuseFolderChange } from './directories.ts';
import { extended, refuseLink, remove, rename } from './names.ts';
import { close, fsetstat, fstat, open, read } from './open-files.ts';
import type { Operation } from './operation.ts';

/** Every request but INIT and WRITE, which the session handles itself. */
export const OPERATIONS: Readonly<Record<number, Operation>> = {
  [PACKET.OPEN]: open,
  [PACKET.CLOSE]: close,
  [PACKET.READ]: read,
  [PACKET.FSTAT]: fstat,
  [PACKET.FSETSTAT]: fsetstat,
  [PACKET.STAT]: stat,
  [PACKET.LSTAT]: stat,
  [PACKET.SETSTAT]: setstat,
  [PACKET.OPENDIR]: opendir,
  [PACKET.READDIR]: readdir,
  [PACKET.REALPATH]: realpath,
  [PACKET.MKDIR]: refuseFolderChange,
  [PACKET.RMDIR]: refuseFolderChange,
  [PACKET.REMOVE]: remove,
  [PACKET.RENAME]: rename,
  [PACKET.READLINK]: refuseLink,
  [PACKET.SYMLINK]: refuseLink,
  [PACKET.EXTENDED]: extended,
};
