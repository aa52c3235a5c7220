import type { Command } from '../session.ts';

const FEATURES = [
  ' AUTH TLS',
  ' EPSV',
  ' MDTM',
  ' MLST type*;size*;modify*;perm*;',
  ' PBSZ',
  ' PROT',
  ' REST STREAM',
  ' SIZE',
  ' UTF8',
];

/** FEAT (RFC 2389). */
export const feat: Command = async ({ reply }) => reply(211, 'features', ...FEATURES, 'end');

/** OPTS: names are UTF-8 always, and the facts of MLST are these. */
export const opts: Command = async ({ reply }, argument) => {
  const text = argument.toString('latin1').toUpperCase();
  if (/^UTF-?8( ON)?$/.test(text)) return reply(200, 'names are in UTF-8');
  if (/^MLST\b/.test(text)) return reply(200, 'MLST OPTS type;size;modify;perm;');
  reply(501, 'there is no such option');
};

/** TYPE: whatever is said, files are kept byte by byte, as their signatures need. */
export const type: Command = async ({ reply }, argument) => {
  if (/^(A( N)?|I|L 8)$/i.test(argument.toString('latin1'))) return reply(200, 'files are kept byte by byte');
  reply(504, 'A or I');
};

/** MODE and STRU: the only ones that anybody uses. */
export const mode: Command = async ({ reply }, argument) => {
  if (/^[SF]$/i.test(argument.toString('latin1'))) return reply(200, 'done');
  reply(504, 'MODE S and STRU F are what there is');
};

/** STAT: of the connection; while a transfer runs, of that. */
export const stat: Command = async (context) => {
  const { state, reply } = context;
  const who = state.guest ? `logged in as ${state.guest.number}` : 'not logged in';
  reply(211, 'Bode', ` ${who}, ${context.isEncrypted() ? 'encrypted' : 'not encrypted'}`, 'end');
};

/** ABOR, while no transfer runs. */
export const abor: Command = async ({ state, reply }) => {
  state.door?.close();
  state.door = undefined;
  reply(226, 'nothing was under way');
};

export const syst: Command = async ({ reply }) => reply(215, 'UNIX Type: L8');
export const noop: Command = async ({ reply }) => reply(200, 'here');
export const allo: Command = async ({ reply }) => reply(202, 'there is no need to');

/** MKD, RMD and their old names. */
export const fixedFolders: Command = async ({ reply }) => reply(550, 'the folders are what they are');

/** QUIT. */
export const quit: Command = async (context) => {
  context.reply(221, 'goodbye');
  context.end();
};
