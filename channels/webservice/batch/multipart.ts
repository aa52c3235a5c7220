import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import busboy, { type Busboy } from 'busboy';
import { invalidInput, ProblemError } from '../problem.ts';

/** One file of a request, while it comes in. */
export interface IncomingPart {
  readonly name: string;
  /** Must be read to its end before the next part comes. */
  readonly content: AsyncIterable<Buffer>;
}

/** What a part turned out to be. */
export interface PartDigest {
  readonly name: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

const LIMITS = { parts: 60, files: 40, fields: 20, fieldSize: 1_024, fieldNameSize: 100, headerPairs: 20 };
const MOST_HEADER_BYTES = 8_192;

/**
 * Reads a multipart request part by part, never more than a piece of one at a time: `take` gets each file in the order
 * in which they come. Rejects with what `take` rejects with, or with a problem when the body is no multipart, holds too
 * many parts or is cut off; then nothing is read any more.
 */
export async function readParts(
  body: Readable,
  headers: IncomingHttpHeaders,
  take: (part: IncomingPart) => Promise<void>,
): Promise<void> {
  const parser = openParser(headers);
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
    parser.on('file', (_field, content, { filename }) => {
      content.on('error', () => undefined); // whoever reads it is told
      taken = taken.then(async () => {
        if (!failed) await take({ name: nameOf(filename), content: piecesOf(content) });
      });
      taken.catch(fail);
    });
    for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) {
      parser.on(limit, () => fail(new ProblemError('payloadTooLarge', `At most ${LIMITS.files} files in one request`)));
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

function openParser(headers: IncomingHttpHeaders): Busboy {
  const type = headers['content-type'] ?? '';
  if (Buffer.byteLength(type) > MOST_HEADER_BYTES) throw new ProblemError('badRequest', 'The content type is too long');
  try {
    return busboy({
      headers: { ...headers, 'content-type': type },
      limits: LIMITS,
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

function nameOf(name: string | undefined): string {
  if (name === undefined || name === '') throw invalidInput('body', 'filename', 'Each part must have a file name');
  return name;
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
