import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EngineError, messageOf } from '../../../engine/core/errors.ts';
import { unreachable } from '../../../engine/core/unreachable.ts';
import { type FileEntry, FOLDERS, type FolderName } from '../../../engine/landing/folders.ts';
import { listingLine } from '../../../engine/landing/listing-line.ts';
import type { Place } from '../../../engine/landing/paths.ts';
import { doorOf, transfer } from '../data-connection.ts';
import { guestOf, resolvePath } from '../places.ts';
import type { Command, FtpContext } from '../session.ts';
import { stampOf } from './files.ts';

/** A folder, or a file in one. */
interface Entry {
  readonly name: string;
  readonly folder: FolderName;
  readonly file?: FileEntry;
}

type LineOf = (entry: Entry, context: FtpContext) => string;

const list: LineOf = ({ name, folder, file }, { deps, state }) => {
  const now = deps.clock();
  const mode = file ? (folder.startsWith('IN') ? '-rw-------' : '-r--------') : 'drwx------';
  const { size = 0, modifiedAt = now } = file ?? {};
  return listingLine({ name, mode, size, modifiedAt }, state.guest?.number ?? '', now);
};

const nameOnly: LineOf = ({ name }) => name;

const facts: LineOf = ({ name, folder, file }) => {
  if (!file) return `type=dir;perm=${folder.startsWith('IN') ? 'cel' : 'el'}; ${name}`;
  const perm = folder.startsWith('IN') ? 'adfrw' : 'dr';
  return `type=file;size=${file.size};modify=${stampOf(file.modifiedAt)};perm=${perm}; ${name}`;
};

/** LIST: as `ls -l`; options that clients send are passed over. */
export const LIST = listing(list);
/** NLST: names. */
export const NLST = listing(nameOnly);
/** MLSD (RFC 3659): facts for programs. */
export const MLSD = listing(facts);

function listing(lineOf: LineOf): Command {
  return async (context, argument) => {
    doorOf(context);
    const place = resolvePath(context, withoutOptions(argument));
    if (place.kind === 'nowhere') throw new EngineError('not_found', 'there is no such folder');
    const { folders } = guestOf(context);
    if (place.kind === 'file') await folders.stat(place.folder, place.name);
    try {
      const lines = linesOf(entriesOf(place, context), lineOf, context);
      await transfer(context, 'here it comes', (data) => pipeline(Readable.from(lines), data));
    } catch (error) {
      context.log().info({ reason: messageOf(error) }, 'ftp listing broken off');
      return context.reply(426, 'the listing was broken off');
    }
    context.reply(226, 'done');
  };
}

/** `-la`: no name begins with a hyphen. */
function withoutOptions(argument: Buffer): Buffer {
  const options = /^(-[A-Za-z]*\s*)+/.exec(argument.toString('latin1'))?.[0].length ?? 0;
  return argument.subarray(options);
}

async function* entriesOf(place: Exclude<Place, { kind: 'nowhere' }>, context: FtpContext): AsyncGenerator<Entry> {
  const { folders } = guestOf(context);
  if (place.kind === 'root') for (const folder of FOLDERS) yield { name: folder, folder };
  if (place.kind === 'file') {
    const { folder, name } = place;
    yield { name, folder, file: await folders.stat(folder, name) };
  }
  if (place.kind !== 'folder') return;
  const { folder } = place;
  const recent = new Map(folders.recent(folder).map((file) => [file.name, file]));
  for (let page = await folders.list(folder); page.length > 0; ) {
    for (const file of page) {
      recent.delete(file.name);
      yield { name: file.name, folder, file };
    }
    page = await folders.list(folder, { after: page.at(-1)?.name ?? '' });
  }
  // rclone looks for what it has just put here, and holds an upload that it does not find for failed
  for (const file of recent.values()) yield { name: file.name, folder, file };
}

async function* linesOf(entries: AsyncIterable<Entry>, lineOf: LineOf, context: FtpContext): AsyncGenerator<string> {
  for await (const entry of entries) yield `${lineOf(entry, context)}\r\n`;
}

/** MLST (RFC 3659): the facts of one thing, in the reply itself. */
export const MLST: Command = async (context, argument) => {
  const place = resolvePath(context, argument);
  context.reply(250, 'listing', ` ${await factsOf(place, context)}`, 'end');
};

async function factsOf(place: Place, context: FtpContext): Promise<string> {
  switch (place.kind) {
    case 'root':
      return 'type=dir;perm=el; /';
    case 'folder':
      return facts({ name: place.folder, folder: place.folder }, context);
    case 'file':
      return facts({ ...place, file: await guestOf(context).folders.stat(place.folder, place.name) }, context);
    case 'nowhere':
      throw new EngineError('not_found', 'there is no such file');
    default:
      return unreachable(place);
  }
}
