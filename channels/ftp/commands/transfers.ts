import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { EngineError, messageOf } from '../../../engine/core/errors.ts';
import { printable } from '../../../engine/core/printable.ts';
import type { Upload } from '../../../engine/landing/folders.ts';
import { doorOf, transfer } from '../data-connection.ts';
import { failureReply } from '../failures.ts';
import { fileAt, guestOf } from '../places.ts';
import type { Command, FilePlace, FtpContext } from '../session.ts';

/** STOR: afresh, or after REST from there on. The last reply comes when the file, and what it released, is durable. */
export const stor: Command = async (context, argument) => {
  const from = takeRestart(context);
  await receive(context, fileAt(context, argument), from === 0 ? 'create' : from);
};

/** APPE: goes on after what is there. */
export const appe: Command = async (context, argument) => {
  takeRestart(context);
  await receive(context, fileAt(context, argument), 'end');
};

function takeRestart({ state }: FtpContext): number {
  const from = state.restartAt;
  state.restartAt = 0;
  return from;
}

async function receive(context: FtpContext, place: FilePlace, from: 'create' | 'end' | number): Promise<void> {
  doorOf(context);
  const { folder, name } = place;
  const upload = await guestOf(context).folders.openWrite(folder, name, from === 'create' ? 'create' : 'resume');
  const started = performance.now();
  let end = 0;
  try {
    const begin = await beginOf(upload, from);
    await transfer(context, 'go on', async (data) => {
      end = await takeAll(data, upload, begin);
    });
  } catch (error) {
    await upload.abandon().catch((err: unknown) => context.log().error({ err }, 'a broken upload was not kept'));
    return broken(context, place, error);
  }
  await upload.close();
  const ms = Math.round(performance.now() - started);
  context.reply(226, 'stored'); // first: the client goes on while the line is written
  context.log().info({ folder, file: printable(name), bytes: end, ms }, 'file uploaded');
}

async function beginOf(upload: Upload, from: 'create' | 'end' | number): Promise<number> {
  if (from === 'create') return 0;
  if (from === 'end') return upload.offset;
  if (from > upload.offset) throw new EngineError('not_found', `there are only ${upload.offset} bytes to go on after`);
  await upload.truncate(from);
  return from;
}

async function takeAll(data: Socket, upload: Upload, begin: number): Promise<number> {
  let at = begin;
  for await (const bytes of data as AsyncIterable<Buffer>) {
    await upload.write(at, bytes);
    at += bytes.length;
  }
  return at;
}

/** RETR: from the beginning, or after REST from there on. */
export const retr: Command = async (context, argument) => {
  doorOf(context);
  const from = takeRestart(context);
  const place = fileAt(context, argument);
  const { folder, name } = place;
  const download = await guestOf(context).folders.openRead(folder, name);
  const started = performance.now();
  try {
    await transfer(context, `${download.size} bytes`, (data) => pipeline(download.stream(from), data));
  } catch (error) {
    return broken(context, place, error);
  } finally {
    await download.close();
  }
  const facts = { folder, file: printable(name), bytes: Math.max(0, download.size - from) };
  context.log().info({ ...facts, ms: Math.round(performance.now() - started) }, 'file downloaded');
  context.reply(226, 'sent');
};

/** What the engine refused keeps its sentence; everything else is a connection that broke. */
function broken(context: FtpContext, { folder, name }: FilePlace, error: unknown): void {
  const log = context.log();
  const refusal = error instanceof EngineError ? failureReply(error, log) : undefined;
  if (!refusal) log.info({ folder, file: printable(name), reason: messageOf(error) }, 'ftp transfer broken off');
  const { code, text } = refusal ?? { code: 426, text: 'the transfer was broken off' };
  context.reply(code === 502 ? 425 : code, text); // 502 is about commands; here only a data connection is missing
}

/** REST: the next transfer begins there. */
export const rest: Command = async ({ state, reply }, argument) => {
  const text = argument.toString('latin1');
  if (!/^\d{1,15}$/.test(text)) return reply(501, 'a number of bytes, please');
  state.restartAt = Number(text);
  reply(350, `the next transfer begins at ${state.restartAt}`);
};
