import { readFile } from 'node:fs/promises';
import type { PreparedEngine } from './engine.ts';
import { connect, openGreeted, type RawSession, str, u32 } from './sftp-client.ts';

const OPEN = 3;
const CLOSE = 4;
const WRITE = 6;
const PIECE = 32_768;
const BURST = 32;
const WRITE_CREATE_TRUNCATE = 0x1a;

/** Opens a raw SFTP session as sender `voorbeeld`: unlike OpenSSH's client it shows the sentences of refusals. */
export async function openSession({ port, loginKey }: PreparedEngine): Promise<{ session: RawSession; end(): void }> {
  const key = { file: loginKey, privateKey: await readFile(loginKey, 'utf8'), publicKey: '' };
  const connection = await connect({ port, login: 'voorbeeld', key });
  return { session: await openGreeted(connection), end: () => connection.end() };
}

/** Opens, writes and closes one file; gives the sentence of the first refusal, or undefined. */
export async function put(session: RawSession, path: string, bytes: Buffer): Promise<string | undefined> {
  const opened = await session.ask(OPEN, str(path), u32(WRITE_CREATE_TRUNCATE), u32(0));
  if (opened.status !== undefined) return opened.text;
  const handle = str(opened.body.subarray(4));
  let refused: string | undefined;
  for (let at = 0; at < bytes.length && refused === undefined; at += BURST * PIECE) {
    refused = await writeBurst(session, handle, bytes.subarray(at, at + BURST * PIECE), at);
  }
  const closed = await session.ask(CLOSE, handle);
  return refused ?? (closed.status === 0 ? undefined : closed.text);
}

/** Puts a small file; throws the sentence of a refusal. */
export async function putOrThrow(session: RawSession, path: string): Promise<void> {
  const refused = await put(session, path, Buffer.from('x'));
  if (refused !== undefined) throw new Error(refused);
}

/** Writes several pieces and then takes their replies, as every client does: one at a time would wait for delayed acks. */
async function writeBurst(session: RawSession, handle: Buffer, bytes: Buffer, offset: number) {
  const refused: string[] = [];
  let sent = 0;
  for (let at = 0; at < bytes.length; at += PIECE, sent += 1) {
    session.send(WRITE, u32(7), handle, u32(0), u32(offset + at), str(bytes.subarray(at, at + PIECE)));
  }
  for (; sent > 0; sent -= 1) {
    const reply = await session.next();
    if (reply.readUInt32BE(5) !== 0) refused.push(reply.subarray(13, 13 + reply.readUInt32BE(9)).toString());
  }
  return refused[0];
}
