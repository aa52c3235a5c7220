const LF = 0x0a;
const KEXINIT = 20;
const COOKIE_BYTES = 16;
const LIST_AT = 4 + 1 + 1 + COOKIE_BYTES; // after length, length of padding, type and cookie
const MAX_IDENT_BYTES = 8 * 1024;
const MAX_PACKET_BYTES = 64 * 1024; // a real offer has a few KiB

/** The first that a client sends, all in clear: its identification line, then its key exchange offer (RFC 4253 §4.2, §7.1). */
export interface Greeting {
  /** Takes what came next: `too long` when no line ends within 8 KiB, `done` when nothing more is of interest. */
  push(bytes: Buffer): 'more' | 'done' | 'too long';
  /** The key exchange methods of the offer; none when the first packet was anything else. */
  methods(): readonly string[];
}

/** Follows a greeting; each byte is looked at once, and no more is kept than the one packet. */
export function createGreeting(): Greeting {
  let identBytes = 0;
  let identified = false;
  let packet = Buffer.alloc(4);
  let filled = 0;
  let methods: readonly string[] = [];

  function push(bytes: Buffer): 'more' | 'done' | 'too long' {
    if (identified) return fill(bytes);
    const end = bytes.indexOf(LF);
    identBytes += end === -1 ? bytes.length : end;
    if (identBytes > MAX_IDENT_BYTES) return 'too long';
    if (end === -1) return 'more';
    identified = true;
    return fill(bytes.subarray(end + 1));
  }

  function fill(bytes: Buffer): 'more' | 'done' {
    const taken = bytes.copy(packet, filled);
    filled += taken;
    if (filled < packet.length) return 'more';
    if (packet.length > 4) {
      methods = methodsOf(packet);
      return 'done';
    }
    const length = packet.readUInt32BE(0);
    if (length < LIST_AT || length > MAX_PACKET_BYTES) return 'done';
    packet = Buffer.concat([packet, Buffer.alloc(length)]);
    return fill(bytes.subarray(taken));
  }

  return { push, methods: () => methods };
}

function methodsOf(packet: Buffer): string[] {
  if (packet[5] !== KEXINIT) return [];
  const start = LIST_AT + 4;
  const end = start + packet.readUInt32BE(LIST_AT);
  return end > packet.length ? [] : packet.toString('latin1', start, end).split(',');
}
