import { EngineError } from '../../engine/core/errors.ts';
import { MAX_PACKET_BYTES } from './protocol.ts';

/** One packet as it came, in the pieces it came in: the bytes after the length. */
export interface Packet {
  readonly pieces: readonly Buffer[];
  readonly length: number;
}

/** Cuts the byte stream of a session into packets without copying. */
export interface Splitter {
  /** The packets that these bytes complete. Throws message_malformed for a length that cannot be. */
  push(bytes: Buffer): Packet[];
}

/** A splitter at the start of a stream; holds one unfinished packet at most. */
export function createSplitter(): Splitter {
  const prefix = Buffer.alloc(4);
  let prefixBytes = 0;
  let pieces: Buffer[] = [];
  let missing = 0;
  let length = 0;

  function takeLength(bytes: Buffer, at: number): number {
    const taken = bytes.copy(prefix, prefixBytes, at, at + 4 - prefixBytes);
    prefixBytes += taken;
    if (prefixBytes === 4) {
      length = prefix.readUInt32BE(0);
      if (length < 1 || length > MAX_PACKET_BYTES) {
        throw new EngineError('message_malformed', `an SFTP packet of ${length} bytes`);
      }
      missing = length;
    }
    return taken;
  }

  function takePiece(bytes: Buffer, at: number): number {
    const piece = bytes.subarray(at, at + missing);
    pieces.push(piece);
    missing -= piece.length;
    return piece.length;
  }

  return {
    push(bytes) {
      const packets: Packet[] = [];
      for (let at = 0; at < bytes.length; ) {
        if (prefixBytes < 4) {
          at += takeLength(bytes, at);
          continue;
        }
        at += takePiece(bytes, at);
        if (missing > 0) continue;
        packets.push({ pieces, length });
        pieces = [];
        prefixBytes = 0;
      }
      return packets;
    },
  };
}
