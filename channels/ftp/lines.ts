import { EngineError } from '../../engine/core/errors.ts';

/** One line from a client, without its end: a verb in capitals, and what follows it, byte by byte. */
export interface CommandLine {
  readonly verb: string;
  readonly argument: Buffer;
}

/** Cuts what a client sends into command lines; holds a bounded number of bytes. */
export interface Lines {
  /** Takes bytes. Throws limit_exceeded for a line that is too long, or too many that wait. */
  push(bytes: Buffer): void;
  next(): CommandLine | undefined;
  /** Takes out the first waiting line of a verb; false when there is none. */
  remove(verb: string): boolean;
  /** Forgets everything that has come: what was sent before encryption began means nothing after it. */
  clear(): void;
}

const MAX_LINE_BYTES = 4_608; // a path of 4,096 bytes and its verb
const MAX_WAITING = 100;
const LF = 0x0a;
const CR = 0x0d;
const IAC = 0xff;
const FIRST_TELNET_COMMAND = 0xf0;

/** Creates a cutter with nothing in it. */
export function createLines(): Lines {
  let rest: Buffer = Buffer.alloc(0);
  let waiting: CommandLine[] = [];

  function push(bytes: Buffer): void {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    for (let end = rest.indexOf(LF); end >= 0; end = rest.indexOf(LF)) {
      if (end > MAX_LINE_BYTES) throw tooLong();
      const line = commandOf(rest.subarray(0, end));
      if (line) waiting.push(line);
      rest = rest.subarray(end + 1);
    }
    if (rest.length > MAX_LINE_BYTES) throw tooLong();
    if (waiting.length > MAX_WAITING) throw new EngineError('limit_exceeded', 'too many commands at once');
  }

  return {
    push,
    next: () => waiting.shift(),
    remove(verb) {
      const at = waiting.findIndex((line) => line.verb === verb);
      if (at >= 0) waiting.splice(at, 1);
      return at >= 0;
    },
    clear() {
      rest = Buffer.alloc(0);
      waiting = [];
    },
  };
}

const tooLong = () => new EngineError('limit_exceeded', 'the command line is too long');

function commandOf(bytes: Buffer): CommandLine | undefined {
  const plain = withoutTelnet(bytes);
  const line = plain.at(-1) === CR ? plain.subarray(0, -1) : plain;
  if (line.length === 0) return undefined;
  const space = line.indexOf(0x20);
  const end = space < 0 ? line.length : space;
  return { verb: line.subarray(0, end).toString('latin1').toUpperCase(), argument: line.subarray(end + 1) };
}

/** FTP speaks Telnet: clients put `interrupt` and `data mark` before ABOR (RFC 959 §4.1.3). */
function withoutTelnet(bytes: Buffer): Buffer {
  if (!bytes.includes(IAC)) return bytes;
  const plain: number[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    const [byte = 0, next = 0] = [bytes[at], bytes[at + 1]];
    if (byte !== IAC) plain.push(byte);
    else if (next >= FIRST_TELNET_COMMAND) at += 1;
  }
  return Buffer.from(plain);
}
