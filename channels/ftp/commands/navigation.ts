import { isIPv4 } from 'node:net';
import { EngineError } from '../../../engine/core/errors.ts';
import { openDoor } from '../data-door.ts';
import { resolvePath } from '../places.ts';
import type { Command, FtpContext } from '../session.ts';

/** PWD. */
export const pwd: Command = async ({ state, reply }) => {
  reply(257, `"/${state.folder ?? ''}" is the working directory`);
};

/** CWD: one of the six folders, or the root. */
export const cwd: Command = async (context, argument) => {
  const place = resolvePath(context, argument);
  if (place.kind !== 'root' && place.kind !== 'folder') throw new EngineError('not_found', 'there is no such folder');
  context.state.folder = place.kind === 'folder' ? place.folder : undefined;
  context.reply(250, 'done');
};

/** CDUP. */
export const cdup: Command = async ({ state, reply }) => {
  state.folder = undefined;
  reply(250, 'done');
};

/** EPSV (RFC 2428): the way to a data connection for both kinds of addresses. */
export const epsv: Command = async (context, argument) => {
  const asked = argument.toString('latin1').toUpperCase();
  if (asked === 'ALL') return context.reply(200, 'so be it');
  const own = isIPv4(context.origin.cameTo) ? '1' : '2';
  if (asked !== '' && asked !== own) return context.reply(522, `use (${own})`);
  const port = await open(context);
  context.reply(229, `Entering Extended Passive Mode (|||${port}|)`);
};

/** PASV: for clients that know IPv4 only. */
export const pasv: Command = async (context) => {
  const address = context.deps.publicAddress || context.origin.cameTo;
  if (!isIPv4(address)) return context.reply(522, 'use EPSV');
  const port = await open(context);
  const numbers = [...address.split('.'), port >> 8, port & 0xff].join(',');
  context.reply(227, `Entering Passive Mode (${numbers})`);
};

async function open({ state, deps, origin, localAddress, log }: FtpContext): Promise<number> {
  state.door?.close();
  state.door = undefined;
  // behind a load balancer the data may come through it, or straight from the client; it is the client's either way
  const isProxy = origin.proxied && deps.proxiesData ? deps.isProxy : undefined;
  const peer = origin.address;
  state.door = await openDoor({
    localAddress,
    peer,
    ports: deps.passivePorts,
    log: log(),
    ...(isProxy && { isProxy }),
  });
  return state.door.port;
}

/** PORT and EPRT: the server connects to nobody (FTP bounce, CVE-1999-0017). */
export const active: Command = async ({ reply }) => {
  reply(502, 'the server does not connect to clients: use EPSV or PASV');
};
