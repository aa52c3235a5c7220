import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { HEAD_BYTES, looksLike, mediaTypeIn } from '../../../engine/mailboxes/media-types.ts';
import type { ContentPart } from '../../../engine/mailboxes/publish.ts';
import { type IncomingPart, readParts } from '../multipart.ts';
import { invalidInput, ProblemError } from '../problem.ts';
import { jsonIn } from './bodies.ts';
import type { EboxDeps } from './deps.ts';

/** What came with a publication. */
export interface TakenIn {
  /** The description, not checked yet. */
  readonly description: unknown;
  readonly parts: readonly ContentPart[];
}

const DESCRIPTION = 'messageToPublish';
const DESCRIPTION_BYTES = 512 * 1_024;
const MOST_ATTACHMENTS = 6; // protocol §2.2
const LIMITS = { parts: 12, files: MOST_ATTACHMENTS + 1, fields: 4, fieldSize: DESCRIPTION_BYTES };

/**
 * Takes a publication in: its parts in any order, the description first, last or in between, in a field or in a file. Content
 * is stored and its digest followed while it comes; nothing names it yet, so that what is refused is collected in time.
 */
export async function takeIn({ raw, headers }: FastifyRequest, deps: EboxDeps): Promise<TakenIn> {
  const parts: ContentPart[] = [];
  const texts: string[] = [];
  const field = (name: string, value: string) => {
    if (name === DESCRIPTION) texts.push(value);
  };
  const file = async (part: IncomingPart) => {
    if (part.field === DESCRIPTION) texts.push(await textOf(part));
    else parts.push(await store(part, deps));
  };
  await readParts(raw, headers, { file, field }, LIMITS);
  const [text] = texts;
  if (text === undefined || texts.length > 1) throw invalidInput('body', DESCRIPTION, 'must be there, once');
  return { description: jsonIn(text, DESCRIPTION), parts };
}

async function textOf({ content }: IncomingPart): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of limited(content, DESCRIPTION_BYTES)) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

async function store({ field, name, mediaType, content }: IncomingPart, deps: EboxDeps): Promise<ContentPart> {
  const seen = beginning(limited(content, mostBytes(deps)));
  const prepared = await deps.blobs.prepare(deps.db, Readable.from(seen.content, { objectMode: false }));
  const type = mediaTypeIn(mediaType);
  const looksRight = type !== undefined && looksLike(type, seen.head());
  return {
    partName: field,
    fileName: name,
    mediaType: type ?? mediaType,
    ...prepared.ref,
    looksRight,
    content: prepared,
  };
}

/** The description may come last: until then no more is known than what the most generous message type allows. */
const mostBytes = ({ types }: EboxDeps) =>
  Math.max(...Object.values(types).map(({ attachmentBytes }) => attachmentBytes));

async function* limited(content: AsyncIterable<Buffer>, most: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const piece of content) {
    bytes += piece.length;
    if (bytes > most) throw new ProblemError('payloadTooLarge', `A part is larger than ${most} bytes`);
    yield piece;
  }
}

/** Passes pieces through and keeps how they began. */
function beginning(content: AsyncIterable<Buffer>) {
  let head: Buffer = Buffer.alloc(0);
  async function* pass(): AsyncGenerator<Buffer> {
    for await (const piece of content) {
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, piece.subarray(0, HEAD_BYTES - head.length)]);
      yield piece;
    }
  }
  return { content: pass(), head: () => head };
}
