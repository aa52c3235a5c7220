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

const SMALL_BYTES = 512; // a piece below this is copied: it would keep alive the larger buffer that it came in
const GATHER_BYTES = 4 * 1024;

/** A splitter at the start of a stream; holds one unfinished packet at most, however small the pieces that it comes in. */
export function createSplitter(): Splitter {
  const prefix = Buffer.alloc(4);
  let prefixBytes = 0;
  let pieces: Buffer[] = [];
  let missing = 0;
  let length = 0;
  let gathered = Buffer.alloc(0); // small pieces that lie one after the other, from `start` to `end`
  let start = 0;
  let end = 0;

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
    const whole = piece.length === length;
    missing -= piece.length;
    if (piece.length < SMALL_BYTES && !whole) gather(piece);
    else add(piece);
    return piece.length;
  }

  function add(piece: Buffer): void {
    settle();
    pieces.push(piece);
  }

  function gather(piece: Buffer): void {
    if (end + piece.length > gathered.length) {
      settle();
      gathered = Buffer.allocUnsafe(GATHER_BYTES);
      start = 0;
      end = 0;
    }
    end += piece.copy(gathered, end);
  }

  function settle(): void {
    if (end > start) pieces.push(gathered.subarray(start, end));
    start = end;
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
        settle();
        packets.push({ pieces, length });
        pieces = [];
        prefixBytes = 0;
      }
      return packets;
    },
  };
}
