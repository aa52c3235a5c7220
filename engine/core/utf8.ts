import { isUtf8 } from 'node:buffer';

/** Text that is read from bytes. */
export interface Utf8Text {
  /** In pieces that cut no letter; they end early where the bytes are not UTF-8. */
  readonly pieces: AsyncIterable<string>;
  /** The line, from 1, of the first byte that is not UTF-8; undefined when none was met so far. */
  wrongLine(): number | undefined;
}

const LINE_END = 0x0a;

/** Reads bytes as UTF-8, without the mark at their beginning; memory does not grow with them. */
export function readUtf8(bytes: AsyncIterable<Buffer>): Utf8Text {
  let wrong: number | undefined;

  async function* pieces() {
    let [line, rest] = [1, Buffer.alloc(0)];
    for await (const more of bytes) {
      const piece = rest.length > 0 ? Buffer.concat([rest, more]) : more;
      const whole = piece.subarray(0, wholeLetters(piece));
      rest = Buffer.from(piece.subarray(whole.length));
      if (!isUtf8(whole)) {
        wrong = line + linesBeforeFault(whole);
        return;
      }
      yield whole.toString();
      line += lineEndsIn(whole);
    }
    if (rest.length > 0) wrong = line; // it ends within a letter
  }

  return { pieces: withoutMark(pieces()), wrongLine: () => wrong };
}

async function* withoutMark(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let first = true;
  for await (const piece of pieces) {
    if (piece === '') continue;
    yield first ? piece.replace(/^\ufeff/, '') : piece;
    first = false;
  }
}

/** How many bytes there are without a letter at the end that is not all there. */
function wholeLetters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= 0xc0) return lengthFrom(byte) > back ? bytes.length - back : bytes.length;
    if (byte < 0x80) break;
  }
  return bytes.length;
}

/** How many bytes a letter has that begins with this one. */
function lengthFrom(first: number): number {
  if (first >= 0xf0) return 4;
  return first >= 0xe0 ? 3 : 2;
}

function linesBeforeFault(bytes: Buffer): number {
  let [lines, from] = [0, 0];
  for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, from)) {
    if (!isUtf8(bytes.subarray(from, end))) return lines;
    [lines, from] = [lines + 1, end + 1];
  }
  return lines;
}

function lineEndsIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_END); at >= 0; at = bytes.indexOf(LINE_END, at + 1)) count += 1;
  return count;
}
