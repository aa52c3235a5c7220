import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';

/** A file in memory that goes into an archive. */
export interface PackedFile {
  readonly name: string;
  readonly date: Date;
  readonly bytes: Buffer;
}

interface Entry extends Omit<PackedFile, 'bytes'> {
  readonly size: number;
  readonly crc: number;
  readonly method: number;
  readonly packed: Buffer;
}

const deflate = promisify(deflateRaw);

const [STORED, DEFLATED] = [0, 8];
const VERSION = 20; // 2.0
const MADE_BY = 0x032d; // UNIX, 4.5
const [SIZES_BEHIND, UTF8_NAME] = [0x0008, 0x0800];
const ATTRIBUTES = 0x81a40020; // a plain file that everybody reads and its owner writes
const SIGNATURES = { local: 0x04034b50, behind: 0x08074b50, central: 0x02014b50, end: 0x06054b50 };

/**
 * The ZIP of a few files in memory, all of it in memory: byte for byte what `zipped` makes of them with `packed`, at a
 * third of the work. Files are packed beside each other, off the thread of the caller. Less than 4 GiB in all.
 */
export async function packedZip(files: readonly PackedFile[]): Promise<Buffer> {
  const entries = await Promise.all(files.map(entryOf));
  const pieces: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const added = [localHeader(entry), entry.packed, sizesOf(entry)];
    centrals.push(centralHeader(entry, offset));
    for (const piece of added) offset += piece.length;
    pieces.push(...added);
  }
  const central = Buffer.concat(centrals);
  return Buffer.concat([...pieces, central, endOf(entries.length, central.length, offset)]);
}

async function entryOf({ name, date, bytes }: PackedFile): Promise<Entry> {
  const isEmpty = bytes.length === 0;
  const packed = isEmpty ? bytes : await deflate(bytes, { level: 1 }); // as in `zipped`
  return { name, date, size: bytes.length, crc: crc32(bytes), method: isEmpty ? STORED : DEFLATED, packed };
}

/** What both headers say before the sizes: version, flags, method, time. */
function describe(header: Buffer, at: number, { name, date, method }: Entry): void {
  const flags = Buffer.byteLength(name) === name.length ? SIZES_BEHIND : SIZES_BEHIND | UTF8_NAME;
  header.writeUInt16LE(VERSION, at);
  header.writeUInt16LE(flags, at + 2);
  header.writeUInt16LE(method, at + 4);
  header.writeUInt32LE(dosTimeOf(date), at + 6);
}

function localHeader(entry: Entry): Buffer {
  const name = Buffer.from(entry.name);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(SIGNATURES.local, 0);
  describe(header, 4, entry);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, name]);
}

function sizesOf({ crc, packed, size }: Entry): Buffer {
  const sizes = Buffer.alloc(16);
  for (const [index, value] of [SIGNATURES.behind, crc, packed.length, size].entries()) {
    sizes.writeUInt32LE(value, index * 4);
  }
  return sizes;
}

function centralHeader(entry: Entry, offset: number): Buffer {
  const name = Buffer.from(entry.name);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(SIGNATURES.central, 0);
  header.writeUInt16LE(MADE_BY, 4);
  describe(header, 6, entry);
  sizesOf(entry).copy(header, 16, 4);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt32LE(ATTRIBUTES, 38);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, name]);
}

function endOf(count: number, length: number, offset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(SIGNATURES.end, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(length, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}

/** In UTC: two seconds is as exact as it gets, 1980 to 2043 as far. */
function dosTimeOf(date: Date): number {
  const year = date.getUTCFullYear();
  if (year < 1980) return 0x210000;
  if (year >= 2044) return 0x7f9fbf7d;
  const day = ((year - 1980) << 25) | ((date.getUTCMonth() + 1) << 21) | (date.getUTCDate() << 16);
  return day | (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
}
