import { EngineError } from '../../../engine/core/errors.ts';
import { printable } from '../../../engine/core/printable.ts';
import { fileAt, guestOf } from '../places.ts';
import type { Command } from '../session.ts';

/** DELE: a file that is pending in IN, or one in OUT. */
export const dele: Command = async (context, argument) => {
  const { folder, name } = fileAt(context, argument);
  await guestOf(context).folders.remove(folder, name);
  context.log().info({ folder, file: printable(name) }, 'file deleted');
  context.reply(250, 'deleted');
};

/** RNFR: what is to have another name. */
export const rnfr: Command = async (context, argument) => {
  const place = fileAt(context, argument);
  await guestOf(context).folders.stat(place.folder, place.name);
  context.state.renaming = place;
  context.reply(350, 'and the new name?');
};

/** RNTO: within the folder, to a name that is free; a GO by its new name is a GO. */
export const rnto: Command = async (context, argument) => {
  const from = context.state.renaming;
  context.state.renaming = undefined;
  if (!from) return context.reply(503, 'RNFR first');
  const to = fileAt(context, argument);
  if (to.folder !== from.folder) {
    throw new EngineError('access_denied', 'a file can only be renamed within its folder');
  }
  await guestOf(context).folders.rename(from.folder, from.name, to.name);
  context.log().info({ folder: from.folder, file: printable(from.name), to: printable(to.name) }, 'file renamed');
  context.reply(250, 'renamed');
};

/** SIZE, in bytes (RFC 3659). */
export const size: Command = async (context, argument) => {
  const { folder, name } = fileAt(context, argument);
  context.reply(213, String((await guestOf(context).folders.stat(folder, name)).size));
};

/** MDTM, in UTC (RFC 3659). */
export const mdtm: Command = async (context, argument) => {
  const { folder, name } = fileAt(context, argument);
  context.reply(213, stampOf((await guestOf(context).folders.stat(folder, name)).modifiedAt));
};

/** `20261122085000`: how FTP writes a time. */
export const stampOf = (at: Date): string => at.toISOString().slice(0, 19).replaceAll(/\D/g, '');
