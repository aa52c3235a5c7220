import { createHash, type Hash, hash } from 'node:crypto';

const CR = 0x0d;
const LF = 0x0a;

/**
 * What is known of a file besides its SHA-256. `sha256:text` is the SHA-256 (hex) of its text form, absent when that is
 * the same as the raw one; `textComplete: false` says that the file was too large for the text form to be followed.
 */
export interface Digests {
  readonly 'sha256:text'?: string;
  readonly textComplete?: false;
}

export interface ContentDigest {
  /** SHA-256 of the bytes as they came, lower-case hex. */
  readonly sha256: string;
  readonly digests: Digests;
}

/** Hashes a file while it comes in, in order. */
export interface DigestStream {
  update(bytes: Buffer): void;
  end(): ContentDigest;
}

/** The digests of content in hand. */
export function digestOf(bytes: Buffer): ContentDigest {
  if (firstDifference(bytes, 0) === undefined && bytes.at(-1) !== CR) {
    return { sha256: hash('sha256', bytes, 'hex'), digests: {} };
  }
  const stream = createDigestStream(bytes.length);
  stream.update(bytes);
  return stream.end();
}

/** Follows SHA-256 of the raw form, and of the text form up to `textLimit` bytes: the hash is forked at the first difference. */
export function createDigestStream(textLimit: number): DigestStream {
  const raw = createHash('sha256');
  const converter = createConverter();
  let text: Hash | undefined;
  let following = true;
  let size = 0;
  let held = 0; // CRs at the end of what came: not yet in `raw`, for a fork must be made in front of them

  function update(bytes: Buffer): void {
    size += bytes.length;
    if (following && size > textLimit) stopFollowing();
    if (!following) raw.update(bytes);
    else if (text) updateBoth(text, bytes);
    else updateUntilSplit(bytes);
  }

  function stopFollowing(): void {
    following = false;
    text = undefined;
    release();
  }

  function updateBoth(fork: Hash, bytes: Buffer): void {
    raw.update(bytes);
    fork.update(converter(bytes));
  }

  function updateUntilSplit(bytes: Buffer): void {
    const at = firstDifference(bytes, held);
    const same = at === undefined ? withoutTrailingCrs(bytes) : bytes.subarray(0, at);
    if (same.length > 0) {
      release();
      raw.update(same);
    }
    if (at === undefined) held += bytes.length - same.length;
    else split(bytes.subarray(at));
  }

  function split(rest: Buffer): void {
    text = raw.copy();
    text.update(converter(Buffer.concat([crs(held), rest])));
    release();
    raw.update(rest);
  }

  function release(): void {
    if (held > 0) raw.update(crs(held));
    held = 0;
  }

  function end(): ContentDigest {
    const fork = text ?? (held > 0 ? raw.copy() : undefined);
    release();
    const sha256 = raw.digest('hex');
    if (!following) return { sha256, digests: { textComplete: false } };
    return { sha256, digests: fork ? { 'sha256:text': fork.digest('hex') } : {} };
  }

  return { update, end };
}

const crs = (count: number) => Buffer.alloc(count, CR);

/**
 * Gives the text form of content piece by piece: what `openssl cms -sign` signs without `-binary` (protocol §1.5).
 *
 * The rule, found by comparing with OpenSSL 3.0: CRs before an LF and the LF become one CRLF, CRs at the very end are
 * dropped, any other CR stays. (OpenSSL also drops a lone CR on the last byte of its line buffer of 1023 bytes; that is
 * not imitated.)
 */
export function createConverter(): (bytes: Buffer) => Buffer {
  let held = 0; // CRs whose fate depends on what follows

  return (bytes) => {
    const out = Buffer.allocUnsafe(bytes.length * 2 + held);
    let length = 0;
    let crs = held; // a local variable: this loop sees every byte of an upload
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at] as number;
      if (byte === CR) {
        crs += 1;
        continue;
      }
      if (byte === LF) {
        out[length++] = CR;
        crs = 0;
      }
      for (; crs > 0; crs -= 1) out[length++] = CR;
      out[length++] = byte;
    }
    held = crs;
    return out.subarray(0, length);
  };
}

/** Where the text form begins to differ: in front of an LF that does not have exactly one CR before it. */
function firstDifference(bytes: Buffer, held: number): number | undefined {
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    const start = startOfCrs(bytes, at);
    if (at - start + (start === 0 ? held : 0) !== 1) return start;
  }
  return undefined;
}

function startOfCrs(bytes: Buffer, end: number): number {
  let start = end;
  while (start > 0 && bytes[start - 1] === CR) start -= 1;
  return start;
}

function withoutTrailingCrs(bytes: Buffer): Buffer {
  return bytes.subarray(0, startOfCrs(bytes, bytes.length));
}
