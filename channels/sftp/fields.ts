import { EngineError } from '../../engine/core/errors.ts';
import { ATTRIBUTE } from './protocol.ts';
import type { Packet } from './splitter.ts';

/** Attributes that a client sends; what is absent was not sent. */
export interface SentAttributes {
  readonly size?: number;
  /** Seconds since 1970. */
  readonly modified?: number;
}

/** Reads the fields of a packet in order. Each throws message_malformed when the packet is too short. */
export interface Fields {
  byte(): number;
  uint32(): number;
  /** Above 2^53 not exact: larger than any file anyway. */
  uint64(): number;
  string(): Buffer;
  attributes(): SentAttributes;
  /** Everything that is left. */
  rest(): Buffer;
}

/** The content of a WRITE, which may lie in several pieces. */
export interface WriteFields {
  readonly id: number;
  readonly handle: Buffer;
  readonly offset: number;
  readonly pieces: readonly Buffer[];
  readonly length: number;
}

/** The fields of a packet, from its type byte on. */
export function fieldsOf({ pieces }: Packet): Fields {
  const [first] = pieces;
  return readerOf(pieces.length === 1 && first ? first : Buffer.concat(pieces));
}

function readerOf(bytes: Buffer): Fields {
  let at = 0;

  function take(length: number): number {
    const start = at;
    at += length;
    if (at > bytes.length) throw new EngineError('message_malformed', 'an SFTP packet ends too early');
    return start;
  }

  const uint32 = () => bytes.readUInt32BE(take(4));
  const uint64 = () => uint32() * 2 ** 32 + uint32();

  function string(): Buffer {
    const length = uint32();
    const start = take(length);
    return bytes.subarray(start, start + length);
  }

  function attributes(): SentAttributes {
    const flags = uint32();
    const size = flags & ATTRIBUTE.SIZE ? uint64() : undefined;
    if (flags & ATTRIBUTE.OWNER) take(8);
    if (flags & ATTRIBUTE.PERMISSIONS) take(4);
    const modified = flags & ATTRIBUTE.TIMES ? times() : undefined;
    if (flags & ATTRIBUTE.EXTENDED) skipExtended();
    return { ...(size !== undefined && { size }), ...(modified !== undefined && { modified }) };
  }

  function times(): number {
    take(4); // last access
    return uint32();
  }

  function skipExtended(): void {
    for (let left = uint32(); left > 0; left -= 1) {
      string();
      string();
    }
  }

  return {
    byte: () => bytes.readUInt8(take(1)),
    uint32,
    uint64,
    string,
    attributes,
    rest: () => bytes.subarray(take(bytes.length - at)),
  };
}

const WRITE_HEAD = 1 + 4 + 4 + 16 + 8 + 4; // longest head of a WRITE to a handle of ours

/** The fields of a WRITE; its data stays in the pieces it came in. */
export function writeFieldsOf(packet: Packet): WriteFields {
  const [first, ...more] = packet.pieces;
  const whole = first && (more.length === 0 || first.length >= WRITE_HEAD) ? first : Buffer.concat(packet.pieces);
  const fields = readerOf(whole);
  fields.byte();
  const id = fields.uint32();
  const handle = fields.string();
  const offset = fields.uint64();
  const length = fields.uint32();
  const pieces = [fields.rest(), ...(whole === first ? more : [])].filter((piece) => piece.length > 0);
  const there = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (there !== length) throw new EngineError('message_malformed', 'the length of a WRITE is not that of its data');
  return { id, handle, offset, pieces, length };
}
