import { deflateRawSync } from 'node:zlib';

/** One entry of a ZIP, and the lies that its headers tell. */
export interface ZipEntry {
  readonly name?: string;
  readonly content: Buffer;
  /** What the headers say that it unpacks to. */
  readonly claims?: number;
  readonly flags?: number;
  /** 8 is deflate, 0 stored. */
  readonly method?: number;
  /** 0o120777 is a symbolic link. */
  readonly mode?: number;
}

/** A ZIP made by hand, of one entry, that the directory may name several times: overlapping entries. */
export function zipBytes(entry: ZipEntry, named = 1): Buffer {
  const { name = 'a.xml', content, claims = content.length, flags = 0, method = 8, mode = 0o100644 } = entry;
  const packed = method === 8 ? deflateRawSync(content, { level: 9 }) : content;
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0); // version
  common.writeUInt16LE(flags, 2);
  common.writeUInt16LE(method, 4);
  common.writeUInt32LE(crcOf(content), 10);
  common.writeUInt32LE(packed.length, 14);
  common.writeUInt32LE(claims, 18);
  common.writeUInt16LE(Buffer.byteLength(name), 22);
  const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, Buffer.from(name), packed]);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE((mode << 16) >>> 0, 6);
  const central = Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 3]), common, rest, Buffer.from(name)]);
  const directory = Buffer.concat(Array.from({ length: named }, () => central));
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006');
  end.writeUInt16LE(named, 8);
  end.writeUInt16LE(named, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, directory, end]);
}

function crcOf(bytes: Buffer): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  return ~crc >>> 0;
}
