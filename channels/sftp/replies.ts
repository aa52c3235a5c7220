import { ATTRIBUTE, MAX_PIECE_BYTES, PACKET, type StatusCode } from './protocol.ts';

/** What is shown of a file or folder. */
export interface Attributes {
  readonly size: number;
  /** Type and permissions as `stat` has them. */
  readonly mode: number;
  readonly modifiedAt: Date;
}

/** One entry of a listing. */
export interface NamedEntry {
  readonly name: string;
  /** The line that `ls -l` shows. */
  readonly longName: string;
  readonly attributes: Attributes;
}

/** A reply, ready to send: one or more buffers that belong together. */
export type Reply = readonly Buffer[];

/** The answer to a request without a result. The sentence is for people. */
export function statusReply(id: number, code: StatusCode, sentence: string): Reply {
  const text = Buffer.from(sentence);
  const packet = start(PACKET.STATUS, id, 4 + 4 + text.length + 4);
  packet.writeUInt32BE(code, 9);
  packet.writeUInt32BE(text.length, 13);
  text.copy(packet, 17);
  packet.writeUInt32BE(0, 17 + text.length); // no language tag
  return [packet];
}

/** The answer to OPEN and OPENDIR. */
export function handleReply(id: number, handle: Buffer): Reply {
  const packet = start(PACKET.HANDLE, id, 4 + handle.length);
  packet.writeUInt32BE(handle.length, 9);
  handle.copy(packet, 13);
  return [packet];
}

/** The answer to READ; the data is not copied. */
export function dataReply(id: number, data: Buffer): Reply {
  const head = Buffer.allocUnsafe(13);
  head.writeUInt32BE(9 + data.length, 0);
  head[4] = PACKET.DATA;
  head.writeUInt32BE(id, 5);
  head.writeUInt32BE(data.length, 9);
  return [head, data];
}

/** The answer to STAT, LSTAT and FSTAT. */
export function attributesReply(id: number, attributes: Attributes): Reply {
  return [start(PACKET.ATTRS, id, 0, attributesBytes(attributes))];
}

/** The answer to READDIR and REALPATH. */
export function namesReply(id: number, entries: readonly NamedEntry[]): Reply {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(entries.length);
  const parts = entries.flatMap((entry) => [
    stringBytes(entry.name),
    stringBytes(entry.longName),
    attributesBytes(entry.attributes),
  ]);
  return [start(PACKET.NAME, id, 0, Buffer.concat([count, ...parts]))];
}

const EXTENSIONS = [
  ['posix-rename@openssh.com', '1'],
  ['limits@openssh.com', '1'],
] as const;

/** The answer to INIT: version 3 and the extensions we know. */
export function versionReply(): Reply {
  const body = Buffer.concat(EXTENSIONS.flat().map(stringBytes));
  return [start(PACKET.VERSION, 3, 0, body)];
}

/** The answer to limits@openssh.com: the largest packet, READ and WRITE, and the number of handles. */
export function limitsReply(id: number, handles: number): Reply {
  const body = Buffer.alloc(32);
  body.writeBigUInt64BE(BigInt(MAX_PIECE_BYTES + 1024), 0);
  body.writeBigUInt64BE(BigInt(MAX_PIECE_BYTES), 8);
  body.writeBigUInt64BE(BigInt(MAX_PIECE_BYTES), 16);
  body.writeBigUInt64BE(BigInt(handles), 24);
  return [start(PACKET.EXTENDED_REPLY, id, 0, body)];
}

function start(type: number, id: number, room: number, body?: Buffer): Buffer {
  const packet = Buffer.allocUnsafe(9 + room + (body?.length ?? 0));
  packet.writeUInt32BE(packet.length - 4, 0);
  packet[4] = type;
  packet.writeUInt32BE(id, 5);
  body?.copy(packet, 9 + room);
  return packet;
}

function stringBytes(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(4 + length);
  bytes.writeUInt32BE(length, 0);
  bytes.write(text, 4);
  return bytes;
}

function attributesBytes({ size, mode, modifiedAt }: Attributes): Buffer {
  const bytes = Buffer.alloc(32);
  const seconds = Math.min(Math.max(0, Math.floor(modifiedAt.getTime() / 1000)), 0xffff_ffff);
  bytes.writeUInt32BE(ATTRIBUTE.SIZE | ATTRIBUTE.OWNER | ATTRIBUTE.PERMISSIONS | ATTRIBUTE.TIMES, 0);
  bytes.writeBigUInt64BE(BigInt(size), 4);
  bytes.writeUInt32BE(mode, 20);
  bytes.writeUInt32BE(seconds, 24);
  bytes.writeUInt32BE(seconds, 28);
  return bytes;
}
