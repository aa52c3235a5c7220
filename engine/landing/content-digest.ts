import { createHash, type Hash, hash } from 'node:crypto';

const CR = 0x0d;
const LF = 0x0a;
const SHORT = 24; // below this a loop is faster than a call

/** The digests that senders sign with; every file has the first, by which it is stored. */
export const ALGORITHMS = ['sha256', 'sha384', 'sha512'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/**
 * What is known of a file besides its SHA-256, in hex: SHA-384 and SHA-512, and each digest of its text form, which is
 * absent when the text form is the same as the raw one. `textComplete: false` says that the file was too large for
 * more than its SHA-256 to be followed. Content in hand (digestOf) has no more than its text form's SHA-256.
 */
export interface Digests extends Readonly<Partial<Record<Exclude<Algorithm, 'sha256'> | `${Algorithm}:text`, string>>> {
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
  const stream = createDigestStream(bytes.length, ['sha256']);
  stream.update(bytes);
  return stream.end();
}

/** Several digests of one content at once. */
interface Sum {
  update(bytes: Buffer): void;
  copy(): Sum;
  /** Goes on with SHA-256 alone. */
  narrow(): void;
  /** In hex, by algorithm. */
  end(): Partial<Record<Algorithm, string>>;
}

function createSum(start: readonly (readonly [Algorithm, Hash])[]): Sum {
  let hashes = start;
  return {
    update(bytes) {
      for (const [, sum] of hashes) sum.update(bytes);
    },
    copy: () => createSum(hashes.map(([algorithm, sum]) => [algorithm, sum.copy()] as const)),
    narrow() {
      hashes = hashes.slice(0, 1);
    },
    end: () => Object.fromEntries(hashes.map(([algorithm, sum]) => [algorithm, sum.digest('hex')])),
  };
}

/**
 * Follows SHA-256 of the raw form, and up to `limit` bytes every algorithm of both forms: the text form's hashes are
 * forked from the raw ones at the first difference.
 */
export function createDigestStream(limit: number, algorithms: readonly Algorithm[] = ALGORITHMS): DigestStream {
  const raw = createSum(algorithms.map((algorithm) => [algorithm, createHash(algorithm)] as const));
  let text: Sum | undefined;
  let convert: ((bytes: Buffer) => void) | undefined;
  let following = true;
  let size = 0;
  let held = 0; // CRs at the end of what came: not yet in `raw`, for a fork must be made in front of them

  function update(bytes: Buffer): void {
    size += bytes.length;
    if (following && size > limit) stopFollowing();
    if (!following) raw.update(bytes);
    else if (convert) updateBoth(convert, bytes);
    else updateUntilSplit(bytes);
  }

  function stopFollowing(): void {
    following = false;
    text = undefined;
    convert = undefined;
    release();
    raw.narrow();
  }

  function updateBoth(follow: (bytes: Buffer) => void, bytes: Buffer): void {
    raw.update(bytes);
    follow(bytes);
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
    const fork = raw.copy();
    text = fork;
    convert = createConverter((bytes) => fork.update(bytes), held);
    convert(rest);
    release();
    raw.update(rest);
  }

  function release(): void {
    addCrs(held, (bytes) => raw.update(bytes));
    held = 0;
  }

  function end(): ContentDigest {
    const fork = text ?? (held > 0 ? raw.copy() : undefined);
    release();
    const { sha256 = '', ...others } = raw.end();
    if (!following) return { sha256, digests: { textComplete: false } };
    const ofText = Object.entries(fork?.end() ?? {}).map(([algorithm, hex]) => [`${algorithm}:text`, hex]);
    return { sha256, digests: { ...others, ...Object.fromEntries(ofText) } };
  }

  return { update, end };
}

const CRS = Buffer.alloc(64 * 1024, CR);

/** Any number of CRs, in pieces: a file may consist of nothing else. */
function addCrs(count: number, sink: (bytes: Buffer) => void): void {
  for (let left = count; left > 0; left -= CRS.length) sink(CRS.subarray(0, Math.min(left, CRS.length)));
}

/**
 * Passes on the text form of content piece by piece: what `openssl cms -sign` signs without `-binary` (protocol §1.5).
 * What it passes on is valid during the call only. `held` CRs stand in front of the first piece.
 *
 * The rule, found by comparing with OpenSSL 3.0: CRs before an LF and the LF become one CRLF, CRs at the very end are
 * dropped, any other CR stays. (OpenSSL also drops a lone CR on the last byte of its line buffer of 1023 bytes; that is
 * not imitated.)
 */
export function createConverter(sink: (bytes: Buffer) => void, held = 0): (bytes: Buffer) => void {
  let before = held; // CRs whose fate depends on what follows
  let out = Buffer.alloc(0);
  let length = 0;

  function addLine(bytes: Buffer, start: number, end: number): void {
    if (end - start > SHORT) length += bytes.copy(out, length, start, end);
    else for (let at = start; at < end; at += 1) out[length++] = bytes[at] as number;
  }

  function addLineEnd(): void {
    out[length++] = CR;
    out[length++] = LF;
  }

  /** Every line of a piece; what is returned is where the CRs begin that it ends with. */
  function addLines(bytes: Buffer, start: number): number {
    let from = start;
    for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, from)) {
      addLine(bytes, from, Math.max(from, startOfCrs(bytes, at)));
      addLineEnd();
      from = at + 1;
    }
    const end = Math.max(from, startOfCrs(bytes, bytes.length));
    addLine(bytes, from, end);
    return end;
  }

  return (bytes) => {
    const first = bytes.findIndex((byte) => byte !== CR);
    if (first === -1) {
      before += bytes.length;
      return;
    }
    if (bytes[first] !== LF) addCrs(before, sink);
    if (out.length < bytes.length * 2) out = Buffer.allocUnsafe(bytes.length * 2);
    length = 0;
    const end = addLines(bytes, 0);
    before = bytes.length - end;
    sink(out.subarray(0, length));
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
