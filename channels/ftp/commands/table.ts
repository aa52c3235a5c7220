import type { Command } from '../session.ts';
import { dele, mdtm, rnfr, rnto, size } from './files.ts';
import { LIST, MLSD, MLST, NLST } from './listings.ts';
import { auth, pass, pbsz, prot, user } from './login.ts';
import { active, cdup, cwd, epsv, pasv, pwd } from './navigation.ts';
import { abor, allo, feat, fixedFolders, mode, noop, opts, quit, stat, syst, type } from './other.ts';
import { appe, rest, retr, stor } from './transfers.ts';

const help: Command = async ({ reply }) => reply(214, 'these are understood', ` ${VERBS.join(' ')}`, 'end');

/** What may be asked before somebody has logged in. */
export const OPEN: ReadonlyMap<string, Command> = table({
  ...{ AUTH: auth, FEAT: feat, HELP: help, NOOP: noop, OPTS: opts, PASS: pass, PBSZ: pbsz, PROT: prot },
  ...{ QUIT: quit, STAT: stat, SYST: syst, USER: user },
});

/** What only who has logged in may ask. */
export const MEMBERS: ReadonlyMap<string, Command> = table({
  ...{ ABOR: abor, ALLO: allo, APPE: appe, CDUP: cdup, CWD: cwd, DELE: dele, EPRT: active, EPSV: epsv, LIST },
  ...{ MDTM: mdtm, MKD: fixedFolders, MLSD, MLST, MODE: mode, NLST, PASV: pasv, PORT: active, PWD: pwd },
  ...{ REST: rest, RETR: retr, RMD: fixedFolders, RNFR: rnfr, RNTO: rnto, SIZE: size, STOR: stor, STRU: mode },
  ...{ TYPE: type, XCUP: cdup, XCWD: cwd, XMKD: fixedFolders, XPWD: pwd, XRMD: fixedFolders },
});

const VERBS = [...OPEN.keys(), ...MEMBERS.keys()].sort();

/** A map, as a client may ask for `constructor`. */
function table(commands: Readonly<Record<string, Command>>): ReadonlyMap<string, Command> {
  return new Map(Object.entries(commands));
}
