import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import busboy, { type Busboy } from 'busboy';
import { ProblemError } from './problem.ts';

/** One file of a request, while it comes in. */
export interface IncomingPart {
  /** Of the part. */
  readonly field: string;
  /** Of the file; '' for none. */
  readonly name: string;
  /** As its header says; '' for none. */
  readonly mediaType: string;
  /** Must be read to its end before the next part comes. */
  readonly content: AsyncIterable<Buffer>;
}

/** What a part turned out to be. */
export interface PartDigest {
  readonly name: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** What a request may hold: parts in all, of these files and fields; bytes of a field. */
export interface MultipartLimits {
  readonly parts: number;
  readonly files: number;
  readonly fields: number;
  readonly fieldSize: number;
}

/** Who takes what a request holds. */
export interface Takers {
  /** Gets each file in the order in which they come. */
  readonly file: (part: IncomingPart) => Promise<void>;
  /** Gets each field that is no file; absent: nobody looks at them. */
  readonly field?: (name: string, value: string) => void;
}

const COMMON_LIMITS = { fieldNameSize: 100, headerPairs: 20 };
const MOST_HEADER_BYTES = 8_192;

/**
 * Reads a multipart request part by part, never more than a piece of a file at a time. Rejects with what `file` or `field`
 * reject with, or with a problem when the body is no multipart, holds too much or is cut off; then nothing is read any more.
 */
export async function readParts(
  body: Readable,
  headers: IncomingHttpHeaders,
  take: Takers,
  limits: MultipartLimits,
): Promise<void> {
  const parser = openParser(headers, limits);
  await new Promise<void>((resolve, reject) => {
    let taken = Promise.resolve();
    let failed = false;
    const fail = (error: unknown) => {
      if (failed) return;
      failed = true;
      body.unpipe(parser);
      parser.destroy();
      // what is in hand ends first: nothing of the request goes on once it has been answered
      void taken.catch(() => undefined).then(() => reject(error));
    };
    parser.on('field', (name, value, { valueTruncated }) => {
      if (failed) return;
      try {
        if (valueTruncated)
          throw new ProblemError('payloadTooLarge', `A field is longer than ${limits.fieldSize} bytes`);
        take.field?.(name, value);
      } catch (error) {
        fail(error);
      }
    });
    parser.on('file', (field, content, { filename, mimeType }) => {
      content.on('error', () => undefined); // whoever reads it is told
      taken = taken.then(async () => {
        const about = { field, name: filename ?? '', mediaType: mimeType };
        if (!failed) await take.file({ ...about, content: piecesOf(content) });
      });
      taken.catch(fail);
    });
    for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) {
      parser.on(limit, () => fail(new ProblemError('payloadTooLarge', `At most ${limits.files} files in one request`)));
    }
    parser.on('error', (error) => fail(notMultipart(error)));
    parser.on('close', () => {
      if (!failed) void taken.then(resolve, fail);
    });
    body.on('aborted', () => fail(new ProblemError('badRequest', 'The request was cut off')));
    body.on('error', () => fail(new ProblemError('badRequest', 'The request was cut off')));
    body.pipe(parser);
  });
}

function openParser(headers: IncomingHttpHeaders, limits: MultipartLimits): Busboy {
  const type = headers['content-type'] ?? '';
  if (Buffer.byteLength(type) > MOST_HEADER_BYTES) throw new ProblemError('badRequest', 'The content type is too long');
  try {
    return busboy({
      headers: { ...headers, 'content-type': type },
      limits: { ...COMMON_LIMITS, ...limits },
      defParamCharset: 'utf8', // as curl and browsers send names (RFC 7578, section 5.1)
      preservePath: true, // a path is refused like any name that does not fit, not cut to something else
    });
  } catch (error) {
    throw notMultipart(error);
  }
}

function notMultipart(error: unknown): ProblemError {
  const reason = error instanceof Error ? error.message : 'unknown';
  return new ProblemError('badRequest', `The body is no multipart/form-data that can be read (${reason})`);
}

async function* piecesOf(content: Readable): AsyncGenerator<Buffer> {
  for await (const piece of content) yield piece as Buffer;
}

/** Passes pieces through and keeps count of their digest. */
export function digesting(content: AsyncIterable<Buffer>) {
  const sum = createHash('sha256');
  async function* pass(): AsyncGenerator<Buffer> {
    for await (const piece of content) {
      sum.update(piece);
      yield piece;
    }
  }
  return { content: pass(), sha256: () => sum.digest('hex') };
}

/** SHA-256 over the names and digests of files, whatever their order: what an idempotency key stands for. */
export function contentOf(parts: readonly PartDigest[]): string {
  const lines = parts.map(({ name, sha256 }) => `${name}\n${sha256}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex');
}
